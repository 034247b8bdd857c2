# Compiler and linker flags, as interface libraries that targets of this build link (nothing of it is installed):
#   loam_warnings   the warnings, for every C file of the tree
#   loam_common     language, definitions and sanitizers, for every C file of the tree
#   loam_own_code   loam_warnings, loam_common and what the library's own code needs

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # gnu17: builtins, attributes and asm are in use
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Assertions stay in: in tests they are the test, in the library they are few and cheap.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")

add_library(loam_warnings INTERFACE)
set(loam_warning_flags
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wnested-externs -Wvla -Wundef -Wwrite-strings
    -Wcast-qual -Wpointer-arith -Wformat=2 -Wdouble-promotion -Wimplicit-fallthrough -Wdate-time)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    list(APPEND loam_warning_flags -Wlogical-op -Wduplicated-cond -Wjump-misses-init)
endif()
# Some of them are for C only, which g++ points out; C++ is a few tests.
target_compile_options(loam_warnings INTERFACE
    "$<$<COMPILE_LANGUAGE:C>:${loam_warning_flags}>"
    "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow>")

add_library(loam_common INTERFACE)
target_include_directories(loam_common INTERFACE
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_definitions(loam_common INTERFACE
    $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE=> # empty: a file that defines it itself gets no warning
    LM_VERSION="${PROJECT_VERSION}"
    $<$<BOOL:${LOAM_DEBUG}>:LM_DEBUG=1>
    $<$<BOOL:${LOAM_TEST_MODE}>:LM_TEST_MODE=1>)
# The compiler must not know what malloc means, neither where it is implemented nor where it is tested:
# it would turn malloc + memset into calloc inside calloc, and drop a test's unused pair of calls.
target_compile_options(loam_common INTERFACE
    -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free)
if(LOAM_SANITIZE)
    target_compile_options(loam_common INTERFACE
        -fsanitize=${LOAM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(loam_common INTERFACE -fsanitize=${LOAM_SANITIZE})
endif()
if(LOAM_FUZZ)
    target_compile_options(loam_common INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(loam_own_code INTERFACE)
target_link_libraries(loam_own_code INTERFACE loam_warnings loam_common)
target_compile_options(loam_own_code INTERFACE
    -fvisibility=hidden        # only what exports.map and LOAM_API name is public
    -ftls-model=initial-exec   # a thread's heap is one load away, and no TLS access can allocate
    -fasynchronous-unwind-tables # the way from malloc to its caller leads through Loam's own frames
    -ffunction-sections        # what the library never calls is left out of it
    -fno-semantic-interposition -fno-plt)
