// graphviz: the library xgrad::graphviz, for pictures that Graphviz lays out. It includes the public headers of draw
// and what is below, and nothing else of src/.
#include <xgrad/draw/graphviz.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include <gvc.h>

#include <xgrad/core/errors.hpp>

// Layout and SVG are linked, not looked for when the program runs. Without the other plugins (Pango) no fonts of the
// machine have a say in the picture.
extern "C" {
extern gvplugin_library_t gvplugin_dot_layout_LTX_library;
extern gvplugin_library_t gvplugin_core_LTX_library;
}

namespace xgrad::draw {

namespace {

std::string& messages() {
  static auto* text = new std::string;
  return *text;
}

int hear(char* message) {
  messages() += message;
  return 0;
}

/// Numbers of names, in the order in which they come. Graphviz's own are addresses, and it orders clusters by these:
/// the picture would be another one in the next run.
struct Numbers {
  std::map<std::string, IDTYPE> of_names;
  std::deque<std::string> names;
  IDTYPE last = 0;
};

void* open_numbers(Agraph_t*, Agdisc_t*) { return new Numbers; }
void close_numbers(void* state) { delete static_cast<Numbers*>(state); }
int number_of(void* state, int, const char* name, IDTYPE* number, int create) {
  auto& all = *static_cast<Numbers*>(state);
  if (name != nullptr) {
    const auto found = all.of_names.find(name);
    if (found != all.of_names.end()) return (*number = found->second, 1);
    if (create == 0) return 0;
    all.of_names.emplace(name, all.last + 1);
  }
  all.names.emplace_back(name == nullptr ? "" : name);
  *number = ++all.last;
  return 1;
}
int reserve_number(void*, int, IDTYPE) { return 0; }
void free_number(void*, int, IDTYPE) {}
char* name_of_number(void* state, int, IDTYPE number) {
  auto& all = *static_cast<Numbers*>(state);
  if (number == 0 || number > all.last) return nullptr;
  std::string& name = all.names[static_cast<std::size_t>(number - 1)];
  return name.empty() ? nullptr : name.data();
}
void note_number(void*, int, void*) {}

/// Functions as the members of Graphviz's tables, whose types of truth values differ from version to version.
template <class Member>
struct As;
template <class R, class... A>
struct As<R (*)(A...)> {
  template <auto function>
  static R call(A... a) {
    return static_cast<R>(function(a...));
  }
};

int read_text(void* text, char* target, int size) {
  auto& rest = *static_cast<std::string_view*>(text);
  const std::size_t count = rest.copy(target, static_cast<std::size_t>(std::max(size, 0)));
  rest.remove_prefix(count);
  return static_cast<int>(count);
}

/// How a graph is read and its names are kept; as long as the graph lives.
struct Disciplines {
  Agiddisc_t ids{};
  Agiodisc_t io = AgIoDisc;
  Agdisc_t all{};

  Disciplines() {
    ids.open = open_numbers;
    ids.map = As<decltype(ids.map)>::call<number_of>;
    ids.alloc = As<decltype(ids.alloc)>::call<reserve_number>;
    ids.free = free_number;
    ids.print = name_of_number;
    ids.close = close_numbers;
    ids.idregister = note_number;
    io.afread = read_text;
    all.id = &ids;
    all.io = &io;
  }
};

struct Free {
  void operator()(GVC_t* context) const { gvFreeContext(context); }
  void operator()(Agraph_t* graph) const { agclose(graph); }
  void operator()(char* text) const { gvFreeRenderData(text); }
};

/// Graphviz's messages are kept, not printed, while it works for us; a program may use it for itself, too.
class Hearing {
 public:
  Hearing() : function_(agseterrf(hear)), level_(agseterr(AGERR)) { messages().clear(); }
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;
  ~Hearing() {
    agseterrf(function_);
    agseterr(level_);
  }

 private:
  agusererrf function_;
  agerrlevel_t level_;
};

[[noreturn]] void fail() { throw Error("draw::svg: Graphviz failed: " + messages()); }

}  // namespace

std::string svg(const Graph& graph, const DotOptions& options) {
  const std::string text = dot(graph, options);
  static std::mutex one_at_a_time;  // Graphviz has state of its own
  const std::scoped_lock lock(one_at_a_time);
  const Hearing hearing;
  std::array<lt_symlist_t, 3> plugins{{{"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library},
                                       {"gvplugin_core_LTX_library", &gvplugin_core_LTX_library},
                                       {nullptr, nullptr}}};
  const std::unique_ptr<GVC_t, Free> context(gvContextPlugins(plugins.data(), 0));
  Disciplines disciplines;
  std::string_view rest = text;
  const std::unique_ptr<Agraph_t, Free> parsed(context ? agread(&rest, &disciplines.all) : nullptr);
  if (!parsed || gvLayout(context.get(), parsed.get(), "dot") != 0) fail();
  char* rendered = nullptr;
  unsigned int size = 0;
  const int failed = gvRenderData(context.get(), parsed.get(), "svg", &rendered, &size);
  const std::unique_ptr<char, Free> owned(rendered);
  std::string result;
  if (failed == 0 && rendered != nullptr) result.assign(rendered, size);
  gvFreeLayout(context.get(), parsed.get());
  if (result.empty()) fail();
  return result;
}

}  // namespace xgrad::draw
