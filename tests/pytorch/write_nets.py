"""Writes nets.safetensors: state_dicts of PyTorch's modules, with what the modules give for an input.

Each net is called by a name, and its arrays are NAME.weight ..., as its state_dict has them; what goes in is
NAME:input, and so on, what comes out NAME:output. Run by hand, where a new layer wants to be compared:

    /usr/bin/python3 tests/pytorch/write_nets.py tests/pytorch/nets.safetensors
"""

import json
import struct
import sys

import torch
from torch import nn

arrays = {}


def add(name, module, values, results):
    arrays.update({f"{name}.{key}": value for key, value in module.state_dict().items()})
    arrays.update({f"{name}:{key}": value for key, value in {**values, **results}.items()})


class Tagger(nn.Module):
    """A net of several parts, as users write them."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.summary = nn.GRUCell(8, 5)
        self.head = nn.Linear(5, 2)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        outputs, _ = self.encoder(packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])
        return self.head(self.summary(outputs.sum(1), torch.zeros(x.shape[0], 5, dtype=x.dtype)))


def add_recurrent_nets():
    x = torch.randn(2, 4, 3)
    for name, module in {
        "rnn": nn.RNN(3, 4, nonlinearity="relu", batch_first=True),
        "lstm": nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True),
        "gru": nn.GRU(3, 4, num_layers=2, bias=False, batch_first=True),
    }.items():
        outputs, last = module(x)
        last = dict(zip(["last.h", "last.c"], last)) if name == "lstm" else {"last": last}
        add(name, module, {"input": x}, {"output": outputs, **last})
    h, c, x = torch.randn(2, 4), torch.randn(2, 4), torch.randn(2, 3)
    rnn, lstm, gru = nn.RNNCell(3, 4), nn.LSTMCell(3, 4), nn.GRUCell(3, 4)
    add("rnn_cell", rnn, {"input": x, "h": h}, {"output": rnn(x, h)})
    add("lstm_cell", lstm, {"input": x, "h": h, "c": c}, dict(zip(["output", "cell"], lstm(x, (h, c)))))
    add("gru_cell", gru, {"input": x, "h": h}, {"output": gru(x, h)})
    tagger, x, lengths = Tagger(), torch.randn(3, 4, 3), torch.tensor([4, 1, 3])
    add("tagger", tagger, {"input": x, "lengths": lengths}, {"output": tagger(x, lengths)})


def write_safetensors(path):
    types = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64"}
    header, data = {"__metadata__": {"torch": torch.__version__}}, b""
    for name, array in arrays.items():
        numbers = array.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": types[array.dtype], "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
add_recurrent_nets()
write_safetensors(sys.argv[1])
