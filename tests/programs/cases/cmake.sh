# package: cmake
# set: quick
# does: configures a project with checks, generates, builds with make, installs, ctest
# needs: cmake ctest make gcc

prepare() {
    mkdir -p project
    for i in $(seq 30); do
        echo "int f$i(int x) { return x + $i; }" >"project/f$i.c"
    done
    echo 'int f1(int); int main(void) { return f1(1) != 2; }' >project/main.c
    cat >project/CMakeLists.txt <<'CM'
cmake_minimum_required(VERSION 3.20)
project(P C)
include(CheckIncludeFile)
include(CheckFunctionExists)
check_include_file(stdint.h HAVE_STDINT)
check_function_exists(malloc HAVE_MALLOC)
file(GLOB sources f*.c)
add_library(f STATIC ${sources})
add_executable(main main.c)
target_link_libraries(main f)
enable_testing()
foreach(i RANGE 1 10)
    add_test(NAME t${i} COMMAND main)
endforeach()
foreach(i RANGE 1 3000)
    string(REGEX REPLACE "([0-9])" "<\\1>" text "number ${i}")
    list(APPEND all "${text}")
endforeach()
list(LENGTH all n)
list(SORT all)
list(GET all 77 one)
message(STATUS "${n} ${one}")
install(TARGETS main f)
CM
}

run() {
    # The time that a step took is printed; nothing else differs.
    cmake -S "$IN/project" -B tmp/build -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DCMAKE_INSTALL_PREFIX="$PWD/installed" |
        sed -E 's/done \([0-9.]+s\)/done/'
    cmake --build tmp/build | sed 's/^\[ *[0-9]*%\] //' | sort
    cmake --install tmp/build
    (cd tmp/build && ctest) | sed -E 's/ +[0-9.]+ sec//'
    cp tmp/build/compile_commands.json tmp/build/Makefile .
}
