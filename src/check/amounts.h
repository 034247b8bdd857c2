/* Every amount of the checker's that is a choice and not a necessity. */
#ifndef LM_CHECK_AMOUNTS_H
#define LM_CHECK_AMOUNTS_H

#include "heap/limits.h"

/* Red zones: what lies before and behind each block at least, and how much of it is filled and looked at. */
enum { LM_ZONE_LEAST = 16, LM_ZONE_MOST = 128 };

/* Of blocks that are not in slots so much is filled with the pattern of fresh memory, so that a large
 * buffer of which little is used stays cheap. */
#define LM_FRESH_MOST LM_KIB(16)

/* Freed blocks are handed to the quarantine by so many at a time, or when they have so many bytes. */
enum { LM_BATCH_BLOCKS = 124 };
#define LM_BATCH_BYTES LM_LIMIT(LM_KIB(256), LM_KIB(4))

/* What rests when the option doesn't say: one part in so many of what is live, at least and at most this. */
enum { LM_QUARANTINE_SHARE = 4 };
#define LM_QUARANTINE_LEAST LM_MIB(8)
#define LM_QUARANTINE_MOST  LM_MIB(64)

/* A freed large block rests without its memory: of its size counts one part in so many. */
enum { LM_RESTING_SHARE = 64 };

/* Address space and steps for the checker's own records. */
#define LM_OWN_ROOM LM_MIB(1024)
#define LM_OWN_STEP LM_LIMIT(LM_MIB(1), LM_KIB(64))

/* Beyond so many bytes of records huge pages are asked for, of this size. */
#define LM_OWN_SMALL LM_MIB(4)
#define LM_OWN_HUGE  LM_MIB(2)

/* All blocks are looked at so often (ns) at most, and so that it takes one part in so many of the time. */
#define LM_SWEEP_EVERY LM_LIMIT(1000 * 1000 * 1000, 1000 * 1000)
enum { LM_SWEEP_SHARE = 50 };

/* Freed blocks are hidden by a mapping of their own from this size on. */
#define LM_HIDE_BY_MAPPING LM_LIMIT(LM_KIB(512), LM_KIB(128))

/* Findings that can be told apart; more are only counted. */
enum { LM_TALES_MOST = 8192 };

/* Allocations that failed and are remembered. */
enum { LM_FAILED_MOST = 64 };

/* Moves by realloc that are remembered. */
enum { LM_MOVES_MOST = 1024 };

/* Bytes of memory that a finding shows at most. */
enum { LM_DUMP_MOST = 96, LM_DUMP_AROUND = 16 };

#endif
