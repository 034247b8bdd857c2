#include "base/finding.h"

#include "base/compiler.h"
#include "base/system.h"
#include "base/text.h"

lm_policy lm_finding_policy = LM_POLICY_ABORT;
void (*lm_finding_hook)(const lm_finding *finding);

static const struct {
    const char *code;
    const char *sentence;
} kinds[] = {
    [LM_DOUBLE_FREE] = {"double-free", "the block is already free"},
    [LM_INVALID_FREE] = {"invalid-free", "not the first byte of a block"},
    [LM_FOREIGN_FREE] = {"foreign-free", "no block of this heap, and never was"},
};

const char *lm_kind_code(lm_kind kind) {
    return kinds[kind].code;
}

static void describe_block(lm_text *text, const lm_finding *finding) {
    if (!finding->block)
        return;
    lm_text_format(text, " (block %p of %zu bytes, ", finding->block, finding->block_size);
    if (finding->class_size)
        lm_text_format(text, "class %zu", finding->class_size);
    else
        lm_text_put(text, "large");
    if (finding->pointer != finding->block)
        lm_text_format(text, ", byte %zu of it",
                       (size_t)((const char *)finding->pointer - (const char *)finding->block));
    lm_text_put(text, ")");
}

LM_COLD void lm_finding_report(const lm_finding *finding) {
    if (lm_finding_hook) {
        lm_finding_hook(finding);
        return;
    }
    if (lm_finding_policy == LM_POLICY_IGNORE)
        return;
    char line[256];
    lm_text text;
    lm_text_init(&text, line, sizeof line);
    lm_text_format(&text, "loam: error[%s]: %s(%p): %s", kinds[finding->kind].code, finding->call,
                   finding->pointer, kinds[finding->kind].sentence);
    describe_block(&text, finding);
    lm_text_put(&text, "\n");
    lm_os_message(line, text.length < sizeof line ? text.length : sizeof line - 1);
    if (lm_finding_policy == LM_POLICY_ABORT)
        lm_os_abort();
}
