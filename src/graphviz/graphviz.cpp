// graphviz: the library xgrad::graphviz, for pictures that Graphviz lays out. It includes the public headers of draw
// and what is below, and nothing else of src/.
#include <xgrad/draw/graphviz.hpp>

#include <array>
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

struct Free {
  void operator()(GVC_t* context) const { gvFreeContext(context); }
  void operator()(Agraph_t* graph) const { agclose(graph); }
  void operator()(char* text) const { gvFreeRenderData(text); }
};

[[noreturn]] void fail() { throw Error("draw::svg: Graphviz failed: " + messages()); }

}  // namespace

std::string svg(const Graph& graph, const DotOptions& options) {
  const std::string text = dot(graph, options);
  static std::mutex one_at_a_time;  // Graphviz has state of its own
  const std::scoped_lock lock(one_at_a_time);
  messages().clear();
  agseterrf(hear);
  agseterr(AGERR);
  std::array<lt_symlist_t, 3> plugins{{{"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library},
                                       {"gvplugin_core_LTX_library", &gvplugin_core_LTX_library},
                                       {nullptr, nullptr}}};
  const std::unique_ptr<GVC_t, Free> context(gvContextPlugins(plugins.data(), 0));
  const std::unique_ptr<Agraph_t, Free> parsed(context ? agmemread(text.c_str()) : nullptr);
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
