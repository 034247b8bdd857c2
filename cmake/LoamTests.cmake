# How a test file becomes one or more tests of ctest. tests/README.md tells the convention.

# Slower builds get more time than the files ask for.
if(LOAM_SANITIZE STREQUAL "thread")
    set(loam_timeout_factor 8)
elseif(LOAM_SANITIZE OR LOAM_DEBUG)
    set(loam_timeout_factor 4)
else()
    set(loam_timeout_factor 1)
endif()

set(loam_test_environment
    "LOAM_BUILD=${PROJECT_BINARY_DIR}" "LOAM_SRC=${PROJECT_SOURCE_DIR}"
    "LOAM_BUILD_NAME=${LOAM_BUILD_NAME}"
    "ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# loam_add_test(NAME FILE TIMEOUT COMMAND...)
# Registers COMMAND once for each `ctest-args:` line of FILE, with those arguments, or once without any.
# Other ctest- lines set the label, timeout, processors, builds and options (LOAM_OPTIONS): of the run above
# them, or of all runs if they come before the first. Options of all tests of the caller: loam_usual_options.
function(loam_add_test name file timeout)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    set(label_0 quick)
    set(timeout_0 ${timeout})
    set(processors_0 1)
    set(builds_0 "")
    set(options_0 "")
    set(run 0)
    file(STRINGS "${file}" lines REGEX "^(//|#) ctest-[a-z]+:")
    foreach(line IN LISTS lines)
        string(REGEX MATCH "ctest-([a-z]+): *(.*)$" line "${line}")
        set(key ${CMAKE_MATCH_1})
        string(STRIP "${CMAKE_MATCH_2}" value)
        if(key STREQUAL args)
            math(EXPR run "${run} + 1")
            foreach(setting label timeout processors builds options)
                set(${setting}_${run} "${${setting}_0}")
            endforeach()
        elseif(NOT key MATCHES "^(label|timeout|processors|builds|options)$")
            message(FATAL_ERROR "${file}: unknown: ctest-${key}")
        endif()
        set(${key}_${run} "${value}")
    endforeach()

    if(run EQUAL 0)
        loam_register("${name}" "${label_0}" "${timeout_0}" "${processors_0}" "${builds_0}" "${options_0}" "" ${ARGN})
        return()
    endif()
    foreach(i RANGE 1 ${run})
        set(suffix "")
        if(i GREATER 1)
            set(suffix ".${i}")
        endif()
        loam_register("${name}${suffix}" "${label_${i}}" "${timeout_${i}}" "${processors_${i}}"
                      "${builds_${i}}" "${options_${i}}" "${args_${i}}" ${ARGN})
    endforeach()
endfunction()

function(loam_register name label timeout processors builds options args)
    separate_arguments(args UNIX_COMMAND "${args}")
    separate_arguments(builds UNIX_COMMAND "${builds}")
    if(NOT builds AND NOT label STREQUAL quick)
        set(builds release)
    endif()
    if(builds AND NOT LOAM_BUILD_NAME IN_LIST builds)
        return()
    endif()
    math(EXPR timeout "${timeout} * ${loam_timeout_factor}")
    set(environment ${loam_test_environment})
    list(PREPEND options ${loam_usual_options})
    if(options)
        list(JOIN options ":" options)
        list(APPEND environment "LOAM_OPTIONS=${options}")
    endif()
    add_test(NAME "${name}" COMMAND ${ARGN} ${args})
    set_tests_properties("${name}" PROPERTIES
        LABELS "${label}" TIMEOUT ${timeout} PROCESSORS ${processors} SKIP_RETURN_CODE 77
        ENVIRONMENT "${environment}")
endfunction()

# loam_add_test_program(TARGET FILE FOLDER LIBRARY...): a program that only tests use.
function(loam_add_test_program target file folder)
    add_executable(${target} "${file}")
    get_filename_component(program "${file}" NAME_WE)
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${program} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${folder}")
    target_link_libraries(${target} PRIVATE ${ARGN})
    add_dependencies(tests ${target})
endfunction()
