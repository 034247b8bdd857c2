# libloam-check.so defines functions of the C library (src/check/wraps.def) that its own code must not call: not
# where it says memcpy, nor where the compiler makes a call of it by itself. So all of its object files become one, in
# which names are changed before it is linked:
#   memcpy          what anything in it calls         becomes  lm_plain_memcpy  (src/check/wrap_plain.c)
#   lm_wrap_memcpy  the wrapper                       becomes  memcpy
# A name that has no lm_plain_ function but is called doesn't link, and that says so.

set(loam_wraps_table "${PROJECT_SOURCE_DIR}/src/check/wraps.def")

# Sets `result` to the names in the table.
function(loam_read_wraps result)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${loam_wraps_table}")
    file(STRINGS "${loam_wraps_table}" lines REGEX "^WRAP")
    foreach(line IN LISTS lines)
        if(NOT line MATCHES "^WRAP[_A-Z]*\\(([A-Za-z0-9_]+)[,)]")
            message(FATAL_ERROR "${loam_wraps_table}: can't read: ${line}")
        endif()
        list(APPEND names ${CMAKE_MATCH_1})
    endforeach()
    set(${result} ${names} PARENT_SCOPE)
endfunction()

# The compiler must neither know what the wrapped functions do, nor that their pointers can't be NULL, nor make
# calls of the loops that stand for them.
function(loam_set_wrap_options)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/check/wrap*.c")
    set(options -fno-builtin -fno-delete-null-pointer-checks)
    if(CMAKE_C_COMPILER_ID STREQUAL GNU)
        # It takes what a wrapper is about to check for what the wrapper reads.
        list(APPEND options -fno-tree-loop-distribute-patterns -Wno-maybe-uninitialized)
    endif()
    set_source_files_properties(${sources} "${PROJECT_SOURCE_DIR}/src/check/scan.c"
        "${PROJECT_SOURCE_DIR}/src/check/format.c" PROPERTIES COMPILE_OPTIONS "${options}")
endfunction()

# loam_rename_wraps(RESULT OBJECT...): sets RESULT to the one object file that the objects become.
function(loam_rename_wraps result)
    loam_read_wraps(names)
    set(text "")
    foreach(name IN LISTS names)
        string(APPEND text "${name} lm_plain_${name}\nlm_wrap_${name} ${name}\n")
    endforeach()
    set(renames "${PROJECT_BINARY_DIR}/check_renames")
    file(CONFIGURE OUTPUT "${renames}" CONTENT "${text}" @ONLY)
    set(whole "${PROJECT_BINARY_DIR}/check_whole.o")
    set(renamed "${PROJECT_BINARY_DIR}/check_renamed.o")
    add_custom_command(OUTPUT "${renamed}"
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o "${whole}" ${ARGN}
        COMMAND ${CMAKE_OBJCOPY} --redefine-syms=${renames} "${whole}" "${renamed}"
        DEPENDS ${ARGN} "${renames}"
        COMMENT "Renaming the wrappers of libloam-check.so"
        COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties("${renamed}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    set(${result} "${renamed}" PARENT_SCOPE)
endfunction()
