/* A look at everything once more when the process ends: what was written past a block that was never
 * freed, or into a free slot that was never handed out again, shows here at the latest. */
#ifndef LM_HEAP_SWEEP_H
#define LM_HEAP_SWEEP_H

/* Reports what it finds. By the thread that ends the process, with no lock held; other threads may still
 * run: what they are just changing is left out. */
void lm_sweep_at_exit(void);

#endif
