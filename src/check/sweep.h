/* Looks at all blocks once in a while, so that what is damaged is known to have been whole not long before. */
#ifndef LM_CHECK_SWEEP_H
#define LM_CHECK_SWEEP_H

/* Whoever hands over freed blocks asks this often: it is time seldom, and costs a small share of it. */
void lm_sweep_if_due(void);

/* Looks at every block that lives or rests. */
void lm_sweep_all(void);

#endif
