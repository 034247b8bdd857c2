# From folders.txt to targets. Each folder of src/ is compiled once, as the object library loam_folder_<folder>;
# the libraries and the command are put together from those.

# These two files define malloc, free, operator new and the rest of the names that belong to the C library
# and to C++. A "prefixed" library is one without them: it has the loam_ names only.
set(loam_taken_names src/abi/libc_names.c src/abi/cxx_names.c)

# What the names of src/abi call: one header "abi/entries.h", of which there are two.
set(loam_over_heap "${PROJECT_SOURCE_DIR}/src/abi/over_heap")
set(loam_over_check "${PROJECT_SOURCE_DIR}/src/abi/over_check")

# Sets loam_library_folders, loam_checker_folders and loam_command_folders to what the table names, in its order.
function(loam_read_folders table)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${table}")
    file(STRINGS "${table}" lines REGEX "^[a-z]")
    foreach(line IN LISTS lines)
        if(line MATCHES "^([a-z]+) +(library|checker|command) ")
            list(APPEND ${CMAKE_MATCH_2}_folders ${CMAKE_MATCH_1})
        else()
            message(FATAL_ERROR "${table}: can't read: ${line}")
        endif()
    endforeach()
    set(loam_library_folders ${library_folders} PARENT_SCOPE)
    set(loam_checker_folders ${checker_folders} PARENT_SCOPE)
    set(loam_command_folders ${command_folders} PARENT_SCOPE)
endfunction()

# Called on processors that have these (src/heap/settings.c).
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
    set_source_files_properties("${CMAKE_CURRENT_SOURCE_DIR}/src/heap/wide.c"
        PROPERTIES COMPILE_OPTIONS "-mavx2;-mbmi;-mbmi2")
endif()

function(loam_add_objects target)
    add_library(${target} OBJECT ${ARGN})
    target_link_libraries(${target} PRIVATE loam_own_code)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# Sets loam_core_objects, loam_taken_objects (the two files above) and loam_command_objects; and for the checker's
# library loam_beneath_objects (the core without src/abi), loam_checker_objects, and loam_watching_objects (what takes
# the C library's names there).
function(loam_add_folder_objects)
    foreach(folder IN LISTS loam_library_folders loam_command_folders)
        file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
             "${PROJECT_SOURCE_DIR}/src/${folder}/*.c")
        if(folder STREQUAL cli)
            loam_write_pages(pages)
            list(APPEND sources "${pages}")
        endif()
        set(taken ${sources})
        list(REMOVE_ITEM sources ${loam_taken_names} src/cli/main.c)
        list(FILTER taken INCLUDE REGEX "^src/abi/(libc|cxx)_names\\.c$")
        if(taken AND NOT LOAM_PREFIXED_ONLY)
            loam_add_objects(loam_taken_names ${taken})
            set(loam_taken_objects $<TARGET_OBJECTS:loam_taken_names> PARENT_SCOPE)
        endif()
        if(sources)
            loam_add_objects(loam_folder_${folder} ${sources})
            if(folder IN_LIST loam_library_folders)
                list(APPEND core $<TARGET_OBJECTS:loam_folder_${folder}>)
                if(NOT folder STREQUAL abi)
                    list(APPEND beneath $<TARGET_OBJECTS:loam_folder_${folder}>)
                endif()
            else()
                list(APPEND command $<TARGET_OBJECTS:loam_folder_${folder}>)
            endif()
        endif()
    endforeach()
    foreach(target loam_taken_names loam_folder_abi)
        if(TARGET ${target})
            target_include_directories(${target} PRIVATE "${loam_over_heap}")
        endif()
    endforeach()
    loam_add_checker_objects()
    set(loam_beneath_objects ${beneath} PARENT_SCOPE)
    set(loam_checker_objects ${checker} PARENT_SCOPE)
    set(loam_watching_objects ${watching} PARENT_SCOPE)
    set(loam_core_objects ${core} PARENT_SCOPE)
    set(loam_command_objects ${command} PARENT_SCOPE)
endfunction()

# Sets checker and watching. Files of the checker's folders whose names end in _names define names of the C library; all
# others are what unit tests link (the wrappers get their names only in LoamWraps.cmake).
function(loam_add_checker_objects)
    loam_set_wrap_options()
    foreach(folder IN LISTS loam_checker_folders)
        file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
             "${PROJECT_SOURCE_DIR}/src/${folder}/*.c")
        set(taken ${sources})
        list(FILTER sources EXCLUDE REGEX "/[^/]*_names\\.c$")
        list(FILTER taken INCLUDE REGEX "/[^/]*_names\\.c$")
        if(sources)
            loam_add_objects(loam_folder_${folder} ${sources})
            list(APPEND checker $<TARGET_OBJECTS:loam_folder_${folder}>)
        endif()
        if(taken AND NOT LOAM_PREFIXED_ONLY)
            loam_add_objects(loam_folder_${folder}_names ${taken})
            list(APPEND watching $<TARGET_OBJECTS:loam_folder_${folder}_names>)
        endif()
    endforeach()
    if(checker AND NOT LOAM_PREFIXED_ONLY)
        file(GLOB abi CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src/abi/*.c")
        loam_add_objects(loam_watching_names ${abi})
        target_include_directories(loam_watching_names PRIVATE "${loam_over_check}")
        list(APPEND watching $<TARGET_OBJECTS:loam_watching_names>)
    endif()
    set(checker ${checker} PARENT_SCOPE)
    set(watching ${watching} PARENT_SCOPE)
endfunction()

function(loam_add_libraries)
    if(NOT loam_core_objects)
        message(STATUS "src/ has no library sources yet: no library is built")
        return()
    endif()

    # What unit tests, stress tests and fuzzers link, and what the command takes base and conf from.
    add_library(loam_prefixed STATIC ${loam_core_objects})
    set_target_properties(loam_prefixed PROPERTIES OUTPUT_NAME loam-prefixed)
    target_link_libraries(loam_prefixed INTERFACE loam_common)

    if(LOAM_PREFIXED_ONLY)
        return()
    endif()
    add_library(loam_static STATIC ${loam_core_objects} ${loam_taken_objects})
    set_target_properties(loam_static PROPERTIES OUTPUT_NAME loam EXPORT_NAME static)
    loam_used_from_outside(loam_static)

    add_library(loam_shared SHARED ${loam_core_objects} ${loam_taken_objects})
    set_target_properties(loam_shared PROPERTIES
        OUTPUT_NAME loam EXPORT_NAME loam
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    loam_link_shared(loam_shared "${PROJECT_SOURCE_DIR}/src/abi/exports.map")
    loam_used_from_outside(loam_shared)
endfunction()

# libloam-check.so, which is preloaded and never linked with; and the archive that unit tests of src/check link.
function(loam_add_checker)
    if(NOT loam_checker_objects)
        return()
    endif()
    add_library(loam_check_parts STATIC ${loam_checker_objects})
    target_link_libraries(loam_check_parts INTERFACE loam_prefixed)

    if(LOAM_PREFIXED_ONLY)
        return()
    endif()
    loam_rename_wraps(renamed
        ${loam_beneath_objects} ${loam_checker_objects} ${loam_watching_objects})
    add_library(loam_check SHARED "${renamed}")
    set_target_properties(loam_check PROPERTIES OUTPUT_NAME loam-check LINKER_LANGUAGE C)
    loam_write_checker_exports("${PROJECT_BINARY_DIR}/check_exports.map")
    loam_link_shared(loam_check "${PROJECT_BINARY_DIR}/check_exports.map")
endfunction()

# What libloam.so exports and, on top, the names in src/check/*.exports, one a line, and the wrappers'.
function(loam_write_checker_exports map)
    file(READ "${PROJECT_SOURCE_DIR}/src/abi/exports.map" text)
    file(GLOB lists CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/check/*.exports")
    foreach(list IN LISTS lists)
        file(STRINGS "${list}" names REGEX "^[A-Za-z_]")
        foreach(name IN LISTS names)
            string(REPLACE "local:" "    ${name};\nlocal:" text "${text}")
        endforeach()
    endforeach()
    loam_read_wraps(names)
    list(JOIN names ";\n    " names)
    string(REPLACE "local:" "    ${names};\nlocal:" text "${text}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        "${PROJECT_SOURCE_DIR}/src/abi/exports.map" ${lists})
    file(CONFIGURE OUTPUT "${map}" CONTENT "${text}" @ONLY)
endfunction()

function(loam_link_shared target map)
    target_link_options(${target} PRIVATE
        -Wl,-z,nodelete            # its code runs in every thread until the last one is gone
        -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--gc-sections
        -Wl,-Bsymbolic-functions -Wl,--as-needed -Wl,--exclude-libs,ALL)
    # Preloaded, it is in every program that somebody debugs: a breakpoint on that program's own `push` must
    # not find one of Loam's as well.
    if(LOAM_STRIP AND NOT LOAM_DEBUG)
        target_link_options(${target} PRIVATE -Wl,--strip-all)
    endif()
    if(EXISTS "${map}")
        target_link_options(${target} PRIVATE "-Wl,--version-script=${map}")
        set_target_properties(${target} PROPERTIES LINK_DEPENDS "${map}")
    endif()
endfunction()

# What a program that links the library gets to know. It may call malloc only through the C library
# (strdup, fopen): then the archive would not be asked for it before the C library's is, and a linker with
# --as-needed would drop the shared library. cmake/loam.pc.in says the same.
function(loam_used_from_outside target)
    target_link_options(${target} INTERFACE "LINKER:--undefined=malloc")
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# The command, and without its main the archive loam_cli, which unit tests of src/cli link.
function(loam_add_command)
    if(NOT TARGET loam_prefixed OR NOT loam_command_objects)
        return()
    endif()
    loam_find_required(loam_required "${PROJECT_SOURCE_DIR}/src/cli/requires.txt")
    # Turns C++'s names back into what stands in the source; it has no pkg-config file.
    find_library(LOAM_IBERTY NAMES iberty libiberty.a REQUIRED)
    list(APPEND loam_required ${LOAM_IBERTY})

    # Where the installed command finds the installed library, seen from the command's own folder.
    file(RELATIVE_PATH libdir "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
    target_compile_definitions(loam_folder_cli PRIVATE LM_LIBDIR_FROM_BINDIR="${libdir}")
    target_link_libraries(loam_folder_cli PRIVATE ${loam_required})

    add_library(loam_cli STATIC ${loam_command_objects})
    target_link_libraries(loam_cli INTERFACE loam_prefixed ${loam_required})

    if(NOT LOAM_PREFIXED_ONLY AND EXISTS "${PROJECT_SOURCE_DIR}/src/cli/main.c")
        add_executable(loam_command src/cli/main.c)
        set_target_properties(loam_command PROPERTIES OUTPUT_NAME loam)
        target_link_libraries(loam_command PRIVATE loam_own_code loam_cli)
    endif()
endfunction()

# Sets `result` to targets for the pkg-config modules that `file` lists, one a line. Only the command may
# require anything; the library needs the C library alone.
function(loam_find_required result file)
    set(targets "")
    if(EXISTS "${file}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        file(STRINGS "${file}" modules REGEX "^[A-Za-z0-9]")
        find_package(PkgConfig REQUIRED)
        foreach(module IN LISTS modules)
            pkg_check_modules(${module} REQUIRED IMPORTED_TARGET ${module})
            list(APPEND targets PkgConfig::${module})
        endforeach()
    endif()
    set(${result} ${targets} PARENT_SCOPE)
endfunction()
