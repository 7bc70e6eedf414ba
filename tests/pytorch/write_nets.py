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


def add_one(name, module, *inputs):
    """A module that is used as it is: what goes in is NAME:input, NAME:input2 ..."""
    names = ["input"] + [f"input{k}" for k in range(2, len(inputs) + 1)]
    module.eval()
    add(name, module, dict(zip(names, inputs)), {"output": module(*inputs)})


def shaken(module):
    """With weights that are not all 1, and biases that are not all 0."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    return module


def trained(module, x):
    """After some steps of training, so that running means and variances, and vectors of norms, are not the first ones."""
    for step in range(200):
        module(x + step % 3)
    return module


def add_layers():
    add_one("linear", nn.Linear(3, 4), torch.randn(2, 3))
    add_one("bilinear", nn.Bilinear(3, 4, 2), torch.randn(2, 3), torch.randn(2, 4))
    add_one("embedding", nn.Embedding(6, 3, padding_idx=0), torch.tensor([[1, 0, 5], [2, 2, 4]]))
    add_one("mlp", nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(2, 3))
    add_one("conv1d", nn.Conv1d(2, 4, 3, stride=2, padding=1), torch.randn(2, 2, 7))
    add_one("conv2d", nn.Conv2d(2, 4, 3, padding=1, dilation=2, groups=2, bias=False), torch.randn(2, 2, 6, 5))
    add_one("conv_transpose2d", nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1),
            torch.randn(2, 2, 3, 4))
    add_one("batch_norm", shaken(trained(nn.BatchNorm2d(3), torch.randn(4, 3, 2, 2))), torch.randn(2, 3, 2, 2))
    add_one("layer_norm", shaken(nn.LayerNorm(4)), torch.randn(2, 4))
    add_one("group_norm", shaken(nn.GroupNorm(2, 4)), torch.randn(2, 4, 3))
    add_one("instance_norm", shaken(nn.InstanceNorm1d(4, affine=True)), torch.randn(2, 4, 3))
    add_one("prelu", shaken(nn.PReLU(3)), torch.randn(2, 3, 2))
    add_one("weight_norm", nn.utils.weight_norm(nn.Linear(3, 4)), torch.randn(2, 3))
    add_one("spectral_norm", trained(nn.utils.spectral_norm(nn.Linear(3, 4)), torch.randn(2, 3)), torch.randn(2, 3))


class Attention(nn.MultiheadAttention):
    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]


def add_transformers():
    options = {"dim_feedforward": 6, "dropout": 0.0, "batch_first": True}
    x, memory = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    add_one("attention", Attention(4, 2, batch_first=True), x)
    layer = nn.TransformerEncoderLayer(4, 2, activation="gelu", norm_first=True, **options)
    encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(4), enable_nested_tensor=False)
    add_one("encoder", shaken(encoder), x)
    add_one("decoder", shaken(nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, **options), 2)), x, memory)


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
add_layers()
add_recurrent_nets()
add_transformers()
write_safetensors(sys.argv[1])
