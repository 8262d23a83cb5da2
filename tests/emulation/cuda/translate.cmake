# cmake -DSOURCE=x.cu -DTARGET=x.cpp -P translate.cmake: turns the launches of a file of CUDA C,
#     kernel<<<blocks, threads, shared, stream>>>(arguments);
# into C++ for the emulation:
#     emulation::launch([](auto... a) { kernel(a...); }, blocks, threads, shared, stream)(arguments);
file(READ "${SOURCE}" text)
string(REPLACE ";" "@SEMICOLON@" text "${text}") # CMake's list separator
string(ASCII 1 end) # one character, for the pattern
string(REPLACE ">>>" "${end}" text "${text}")
string(REGEX REPLACE
  "([A-Za-z_][A-Za-z_0-9]*(<[A-Za-z_0-9, ]+>)?)[ \n]*<<<([^${end}]+)${end}[ \n]*\\("
  "emulation::launch([](auto... a) { \\1(a...)@SEMICOLON@ }, \\3)(" text "${text}")
string(REPLACE "@SEMICOLON@" ";" text "${text}")
if(text MATCHES "<<<" OR text MATCHES "${end}")
  message(FATAL_ERROR "${SOURCE}: a launch that translate.cmake does not know")
endif()
file(WRITE "${TARGET}" "#line 1 \"${SOURCE}\"\n${text}")
