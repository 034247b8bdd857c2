/* Every amount that is a choice and not a necessity, on one page. The test mode (-DLM_TEST_MODE)
 * shrinks them, so that what is rare in a program is frequent in a test: many arenas, memory given
 * back all the time. */
#ifndef LM_HEAP_LIMITS_H
#define LM_HEAP_LIMITS_H

#include <stddef.h>

#ifdef LM_TEST_MODE
#define LM_LIMIT(usual, in_tests) ((size_t)(in_tests))
#else
#define LM_LIMIT(usual, in_tests) ((size_t)(usual))
#endif

#define LM_KIB(n) ((size_t)(n) << 10)
#define LM_MIB(n) ((size_t)(n) << 20)

/* Address space that is wished for an arena. */
#define LM_ARENA_WISHED LM_LIMIT(LM_MIB(1 << 20), LM_MIB(64))

/* The most that a frontier moves at a time beyond what is needed; and a region of the second range.
 */
#define LM_COMMIT_STEP_MAX LM_LIMIT(LM_MIB(64), LM_MIB(2))
#define LM_REGION_STEP     LM_LIMIT(LM_KIB(64), LM_KIB(4))

/* Free memory that is kept, see lm_keep_bytes. */
#define LM_KEEP_LEAST LM_LIMIT(LM_MIB(3), LM_KIB(64))
#define LM_KEEP_USUAL LM_LIMIT(LM_MIB(32), LM_KIB(512))

/* While all memory that is held is no more than this, slabs count little for what is kept on top. */
#define LM_KEEP_FEW LM_MIB(16)

/* So often is all memory that is held turned over before what was not needed is forgotten. */
#define LM_KEEP_TURNS 16

/* So many times as often at most, where it was needed again after all. */
#define LM_KEEP_PATIENCE 16

/* By so much all memory that is held must have grown before free memory goes back for it; and of what is held
 * more than this part must be free. */
#define LM_EXCHANGE_UNITS LM_LIMIT(8, 1)
#define LM_EXCHANGE_PART  LM_LIMIT(32, 1024)

/* How far below the bound free memory is brought when it is past it. */
#define LM_TRIM_MOST LM_LIMIT(LM_MIB(8), LM_KIB(128))

/* What a thread keeps of empty slabs of medium classes, so that a loop over one block needs no
 * lock; and what all threads keep together, as long as each may keep one slab. */
#define LM_IDLE_MAX        LM_LIMIT(LM_MIB(1), LM_KIB(64))
#define LM_IDLE_MAX_OF_ALL LM_LIMIT(LM_MIB(1), LM_KIB(256))

/* What it keeps of empty slabs that wait for their turn: more, since a thread that takes over what others freed
 * goes on to use it. */
#define LM_SPARE_MAX        LM_LIMIT(LM_MIB(4), LM_KIB(64))
#define LM_SPARE_MAX_OF_ALL LM_LIMIT(LM_MIB(16), LM_KIB(256))

/* The same while it frees itself: so much that a loop over some blocks of each class, which fill more than a
 * slab, makes no slabs. */
#define LM_SPARE_OWN_MAX LM_LIMIT(LM_KIB(256), LM_KIB(64))

/* What a thread frees, without needing any, before it winds down. */
#define LM_FREED_A_LOT LM_LIMIT(LM_MIB(1), LM_KIB(64))

/* What other threads may have freed in the slabs that threads take from, all together, before pages
 * of them go: a thread at work takes it over long before. */
#define LM_LENT_MAX_OF_ALL LM_LIMIT(LM_MIB(8), LM_KIB(64))

/* Slabs whose pages all come to be written get huge pages once they hold so many chunks for each thread: what
 * the last chunk has too much, and what threads have not used yet of their slabs, is about an eighth at most. */
#define LM_HUGE_LEAST_CHUNKS LM_LIMIT(8, 1)

/* Of the free memory that is kept, so much may be empty slabs that threads leave behind for the next ones. */
#define LM_LEFT_PART 8

/* Slabs of theirs in which others have freed since then, all together, before somebody looks at them. */
#define LM_OWED_MAX_OF_ALL LM_LIMIT(LM_KIB(256), LM_KIB(64))

/* Large blocks that rest after they were freed: as much as a part of what is kept of free memory for what is
 * in use, within limits. */
#define LM_RESTING_MAX         32 /* count */
#define LM_RESTING_PART        4
#define LM_RESTING_BYTES_LEAST LM_LIMIT(LM_MIB(6), LM_MIB(1))
#define LM_RESTING_BYTES_MAX   LM_LIMIT(LM_MIB(16), LM_MIB(1))

/* What of one of them can't be touched, as long as it has memory: its first page; of one in so many all; of the first
 * ones that a process frees so much. */
#define LM_HIDDEN_MOST  LM_LIMIT(LM_KIB(512), LM_KIB(128))
#define LM_HIDDEN_WHOLE 16
#define LM_HIDDEN_FIRST LM_LIMIT(128, 8) /* count */

/* Large blocks from this size on are moved by their pages instead of by their bytes. */
#define LM_REMAP_LEAST LM_LIMIT(LM_KIB(256), LM_KIB(128))

/* Mappings of their own that guards and moved blocks may cost, unless the option says otherwise. */
#define LM_MAPPINGS_USUAL LM_LIMIT(8192, 64)

/* One in so many slabs has a guard at its end: usually, and at the highest level of protection. */
#define LM_GUARDED_SLABS      8
#define LM_GUARDED_SLABS_FULL 2

/* What is looked at when the process ends, at the default level: some milliseconds. */
#define LM_SWEEP_BYTES LM_MIB(64)

/* Places for sampled blocks (sampled.h): where guards are cheap, and where each costs mappings. Their
 * table lies somewhere in so many bits of addresses. */
#define LM_SAMPLED_PLACES      LM_LIMIT(128, 16)
#define LM_SAMPLED_PLACES_DEAR 16
#define LM_SAMPLED_TABLE_BITS  46

/* Call stacks that are numbered: frames of each, how many, and bytes for their frames. */
#define LM_DEPOT_FRAMES 16
#define LM_DEPOT_STACKS LM_LIMIT(1 << 20, 1 << 16)
#define LM_DEPOT_BYTES  LM_LIMIT(LM_MIB(256), LM_MIB(16))

/* What each thread remembers of its stacks: places of entries, and words of the stack for all of them
 * (recall.h), 9.3 MiB when all is in use; and how many threads remember that much, the rest being content
 * with less. */
#define LM_RECALL_ENTRIES LM_LIMIT(1 << 15, 1 << 10)
#define LM_RECALL_SLOTS   LM_LIMIT(1 << 20, 1 << 13)
#define LM_RECALL_LESS    32   /* times */
#define LM_RECALL_FULL    8    /* threads */
#define LM_RECALL_TABLES  4096 /* threads */

/* Object files that are numbered, and bytes for all their paths and for one. */
#define LM_MODULES          LM_LIMIT(1 << 12, 1 << 8)
#define LM_MODULES_PATHS    LM_LIMIT(LM_MIB(2), LM_KIB(32))
#define LM_MODULE_PATH_MOST 4096

/* Memory for thread heaps is taken in such steps. */
#define LM_ROOM_STEP LM_KIB(64)

#endif
