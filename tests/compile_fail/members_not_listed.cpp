// Lists of members that are too short: a gradient would hold the parameter's own value where one is missing.
#include <boost/hana/adapt_struct.hpp>
#include <xgrad/xgrad.hpp>

using xgrad::Var;
using xgrad::tree::leaves;

struct Forgotten {
  Var weight = 1.0, bias = 0.0;
};
XGRAD_FIELDS(Forgotten, weight)

struct ForgottenAfterArray {
  int sizes[2] = {1, 2};
  Var weight, bias;
  unsigned bits : 3;
};
XGRAD_FIELDS(ForgottenAfterArray, static(sizes), weight, static(bits))

struct ForgottenOfBase : Forgotten {
  Var scale;
};
XGRAD_FIELDS(ForgottenOfBase, weight, scale)

struct ForgottenBase : Forgotten {
  Var scale;
};
XGRAD_FIELDS(ForgottenBase, scale)

template <class T>
struct ForgottenInTemplate {
  T weight, bias;
  XGRAD_MEMBER_FIELDS(ForgottenInTemplate, weight)
};

struct ForgottenByHana {
  Var weight, bias;
};
BOOST_HANA_ADAPT_STRUCT(ForgottenByHana, weight);

void all(Forgotten a, ForgottenAfterArray b, ForgottenOfBase c, ForgottenBase d, ForgottenInTemplate<Var> e,
         ForgottenByHana f) {
  // EXPECT: this struct has members that are not listed: name them in its XGRAD_FIELDS
  (void)leaves(a);
  // EXPECT: this struct has members that are not listed
  (void)leaves(b);
  // EXPECT: this struct has members that are not listed
  (void)leaves(c);
  // EXPECT: this struct has members that are not listed
  (void)leaves(d);
  // EXPECT: this struct has members that are not listed
  (void)leaves(e);
  // EXPECT: this struct has members that are not listed
  (void)leaves(f);
}
