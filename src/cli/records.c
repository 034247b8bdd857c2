#include "cli/records.h"

#include "cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A member of a struct under its own name. */
struct member {
    const char *name;
    size_t offset;
    size_t size; /* bytes: of a size_t or an uint64_t */
};

#define MEMBER(type, name)                                                                         \
    { #name, offsetof(type, name), sizeof(((type *)NULL)->name) }

static const struct member stats_members[] = {
    MEMBER(loam_stats, version),
    MEMBER(loam_stats, live),
    MEMBER(loam_stats, live_blocks),
    MEMBER(loam_stats, slack),
    MEMBER(loam_stats, cached),
    MEMBER(loam_stats, purged),
    MEMBER(loam_stats, metadata),
    MEMBER(loam_stats, peak),
    MEMBER(loam_stats, reserved),
    MEMBER(loam_stats, large_live),
    MEMBER(loam_stats, large_blocks),
    MEMBER(loam_stats, large_allocations),
    MEMBER(loam_stats, arenas),
    MEMBER(loam_stats, heaps),
    MEMBER(loam_stats, heaps_in_use),
    MEMBER(loam_stats, commits),
    MEMBER(loam_stats, purges),
    MEMBER(loam_stats, guards),
    MEMBER(loam_stats, remaps),
    MEMBER(loam_stats, maps),
    MEMBER(loam_stats, sampled),
    MEMBER(loam_stats, sample_missed),
    MEMBER(loam_stats, sampled_live),
    MEMBER(loam_stats, sampled_resting),
    {NULL, 0, 0},
};

static const struct member class_members[] = {
    MEMBER(loam_class_stats, size),        MEMBER(loam_class_stats, live_blocks),
    MEMBER(loam_class_stats, free_slots),  MEMBER(loam_class_stats, slabs),
    MEMBER(loam_class_stats, allocations), {NULL, 0, 0},
};

static void read_members(const char *object, const struct member *members, void *out) {
    for (const struct member *member = members; member->name != NULL; member++) {
        char *place = (char *)out + member->offset;
        const uint64_t value = lm_json_number(lm_json_member(object, member->name));
        const size_t narrow = (size_t)value;
        if (member->size == sizeof value)
            memcpy(place, &value, sizeof value);
        else
            memcpy(place, &narrow, sizeof narrow);
    }
}

static void read_classes(const char *array, loam_stats *stats) {
    stats->classes = 0;
    for (const char *item = lm_json_first(array); item != NULL; item = lm_json_next(item)) {
        if (stats->classes == LOAM_CLASSES_MAX)
            return;
        read_members(item, class_members, &stats->by_class[stats->classes++]);
    }
}

static bool read_line(const char *line, lm_record *record) {
    if (!lm_json_is_whole(line) || line[0] != '{')
        return false;
    memset(record, 0, sizeof *record);
    record->pid = (pid_t)lm_json_number(lm_json_member(line, "pid"));
    lm_json_string(lm_json_member(line, "program"), record->program, sizeof record->program);
    if (record->program[0] == '\0')
        strcpy(record->program, "?");
    read_members(line, stats_members, &record->stats);
    read_classes(lm_json_member(line, "by_class"), &record->stats);
    return true;
}

/* Room for one more. */
static bool grow(lm_records *records) {
    /* At 1, 2, 4, 8... the array is full and doubles. */
    if ((records->count & (records->count - 1)) != 0)
        return true;
    const size_t room = records->count == 0 ? 1 : 2 * records->count;
    lm_record *items = reallocarray(records->items, room, sizeof *items);
    if (items == NULL)
        return false;
    records->items = items;
    return true;
}

bool lm_records_read(const char *path, lm_records *records) {
    *records = (lm_records){0};
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return true;
    char *line = NULL;
    size_t room = 0;
    bool done = true;
    while (done && getline(&line, &room, file) > 0) {
        done = grow(records);
        if (done && read_line(line, &records->items[records->count]))
            records->count++;
        else
            records->damaged++;
    }
    free(line);
    fclose(file);
    return done;
}

void lm_records_free(lm_records *records) {
    free(records->items);
    *records = (lm_records){0};
}

const lm_record *lm_records_of(const lm_records *records, pid_t pid) {
    for (size_t i = records->count; i > 0; i--) {
        if (records->items[i - 1].pid == pid)
            return &records->items[i - 1];
    }
    return NULL;
}
