# The table of names of NumPy and JAX: `lines` are its rows; parse_line() makes fields of one.
file(STRINGS ${table} lines)
list(FILTER lines EXCLUDE REGEX "^#")

macro(parse_line line)
  string(REPLACE "\t" ";" fields "${line}")
  list(LENGTH fields count_of_fields)
  if(NOT count_of_fields EQUAL 7)
    message(FATAL_ERROR "${table}: ${count_of_fields} fields in place of 7: ${line}")
  endif()
  foreach(field section libraries name status xgrad header remark)
    list(POP_FRONT fields ${field})
  endforeach()
endmacro()
