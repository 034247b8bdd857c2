/* What the checker in a process tells the command: lines of text, so that a process that is killed leaves
 * whole findings behind, and a person can read them.
 *
 * Every process appends to a file of its own, <directory>/<pid>; the directory is the option check_to. One
 * that executes another program goes on in the same file, with a new `process` line. A last line without
 * its newline is not there.
 *
 *   line     a word, then key=value, separated by single spaces, ended by a newline
 *   value    bytes from '!' to '~' but '%'; anything else is %XX. Keys may be in any order; a reader passes
 *            over words and keys that it doesn't know.
 *   number   decimal, perhaps with a '-'; address 0x and hexadecimal
 *   time     ns since the process (or, after exec, the program) began
 *   thread   1, 2, ... in the order in which the process's threads came to the checker
 *   stack    the id of a `stack` line that stands above; 0 or no key: not known
 *
 * loam-check version=1
 *     The first line of each program.
 * process pid= parent= program=PATH arguments=N argument=... started=NS since 1970
 *     `argument` once for each, in order.
 * module id= path= start=ADDRESS end=ADDRESS bias=ADDRESS build=HEX
 *     An object file that a later stack refers to. `bias` is to be subtracted from an address to get the
 *     file's own. It may be unloaded by now: ids aren't used again.
 * stack id= exact=0|1 frames=MODULE+ADDRESS,...
 *     Innermost first; ADDRESS is the file's own (bias subtracted); a frame in no module has MODULE 0 and the
 *     plain address. Frames are return addresses; with exact=1 the first is the place itself.
 * finding id= code= certainty=exact|later|inferred ...
 *     What the program did wrong, and the evidence: the keys below, those that apply. Told once; the same
 *     again (code, stack, allocation) is only counted. Leaks are told each time they are looked for, with the
 *     id that they had: the last such line counts.
 * again id= count=
 *     Finding `id` came `count` times in all by now. The last such line of an id counts.
 * summary allocations= frees= bytes= live_blocks= live_bytes= peak_bytes= failed=
 *     When the program ends, or was asked: after the answer.
 * note text=
 *     What the checker couldn't do, a sentence for the user.
 * end status=N
 *     The process leaves by exit or _exit. Without it, it was killed, or executed another program.
 *
 * THE KEYS OF A FINDING
 *
 *   stack thread time     where and when: of the faulty access or call; of a leak: none
 *   call                  the C library's function or the operator that was called: "free", "strcpy"
 *   access                read, write, free, or execute
 *   bytes                 that the access or call touches, or was asked to touch
 *   pointer               address that was passed or touched
 *   block size            first byte and bytes asked for of the block that it is about
 *   state                 live or freed: the block, at that time
 *   first last            the bad bytes, counted from the block's first; negative: before it
 *   inside                bytes from the block's first to `pointer`
 *   where                 of `pointer`, when there is no block: null, stack, static, code, mapped, unmapped,
 *                         heap (in the heap, but in no block that is known)
 *   allocated allocated_thread allocated_time allocated_call      the block's allocation: a stack; ...
 *   freed freed_thread freed_time freed_call                      and its free
 *   moved_to              address: it was freed by a realloc that moved it there
 *   since                 certainty=later: the last time at which it was still whole
 *   was now               how it was allocated and how it is freed: "operator new[]", "free"
 *   was_size now_size quantity         the same in numbers; quantity is "size", "alignment" or "product" (count and size)
 *   dump dump_at          HEX of memory, and where it begins, counted from the block's first
 *   valid                 how many of its bytes the program had written: HEX mask, a bit for each byte of
 *                         dump, lowest first (uninitialised-read)
 *   failed failed_size failed_call failed_time failed_error       null-deref: the allocation that returned NULL
 *   fill                  fresh or freed: the pattern that was taken for a pointer (wild-pointer)
 *   register value        the register that held it, and its value
 *   signal                the number of the signal that would have ended, or ends, the program
 *   fault                 the address that faulted
 *   reaches               null-deref, wild-pointer: what was dereferenced, "read" or "write"
 *   blocks indirect_blocks indirect_bytes                         leak: how many (`size` is their sum)
 *   holders               dangling-pointer: KIND:ADDRESS:MODULE+ADDRESS or KIND:ADDRESS:BLOCK+OFFSET, ...;
 *                         KIND is static, stack, or block
 *   helper                what else is known for the help line: nul (the bad byte is a string's end)
 */
#ifndef LM_BASE_WIRE_H
#define LM_BASE_WIRE_H

#define LM_WIRE_VERSION 1

/* CODE(enumerator, code, rule of dynamic memory) */
#define LM_CODES(CODE)                                                                             \
    CODE(LM_CODE_HEAP_OVERFLOW, "heap-overflow", 5)                                                \
    CODE(LM_CODE_HEAP_UNDERFLOW, "heap-underflow", 5)                                              \
    CODE(LM_CODE_USE_AFTER_FREE, "use-after-free", 3)                                              \
    CODE(LM_CODE_DOUBLE_FREE, "double-free", 2)                                                    \
    CODE(LM_CODE_INVALID_FREE, "invalid-free", 2)                                                  \
    CODE(LM_CODE_FOREIGN_FREE, "foreign-free", 2)                                                  \
    CODE(LM_CODE_MISMATCHED_FREE, "mismatched-free", 2)                                            \
    CODE(LM_CODE_SIZE_MISMATCH, "size-mismatch", 4)                                                \
    CODE(LM_CODE_BAD_SIZE, "bad-size", 4)                                                          \
    CODE(LM_CODE_NULL_DEREF, "null-deref", 1)                                                      \
    CODE(LM_CODE_WILD_POINTER, "wild-pointer", 3)                                                  \
    CODE(LM_CODE_UNINITIALISED_READ, "uninitialised-read", 3)                                      \
    CODE(LM_CODE_DANGLING_POINTER, "dangling-pointer", 6)                                          \
    CODE(LM_CODE_LEAK, "leak", 2)                                                                  \
    CODE(LM_CODE_POSSIBLE_LEAK, "possible-leak", 2)

#define LM_CODE_ENUMERATOR(enumerator, code, rule) enumerator,
typedef enum lm_code { LM_CODES(LM_CODE_ENUMERATOR) LM_CODES_COUNT } lm_code;
#undef LM_CODE_ENUMERATOR

#endif
