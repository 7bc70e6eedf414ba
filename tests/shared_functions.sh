#!/bin/sh
# shared_functions.sh NM ARCHIVE: fails if a unit of an instruction set has a function that other units may have as well
# (an inline one of the standard library, say). The linker takes one of them for all, and processors without these
# instructions stop at it. Compiled for speed, such units have only functions whose names say the instruction set.
symbols=$("$1" -A --demangle --defined-only "$2") || exit 1

# only UNIT PATTERN: the functions of a unit that may be shared all match a pattern.
only() {
  of_unit=$(echo "$symbols" | grep -E "[/:]$1[.]cpp[.]o:[^ ]* [A-Za-z] ")
  [ -n "$of_unit" ] || { echo "no symbols of $1"; exit 1; }
  if echo "$of_unit" | grep -E ":[^ ]* [WVu] " | grep -vE "$2|DW[.]ref"; then exit 1; fi
}
for type in float32 float64 draw; do
  only "avx2_$type" 'xsimd::(fma3<xsimd::avx2>|avx2)'
  only "avx512_$type" 'xsimd::avx512'
done
