/* Starts a Cortex-M4 without an operating system: the vector table, the FPU, the console of the machine that debugs it. */
#include <stdint.h>
#include <stdlib.h>

extern void initialise_monitor_handles(void);
extern char stack_top[];
int main(void);

void _init(void) {}
void _fini(void) {}

static void reset(void)
{
	*(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: coprocessors 10 and 11 are the FPU */
	__asm volatile("dsb\n\tisb");
	initialise_monitor_handles();
	exit(main());
}

static void fault(void)
{
	abort();
}

__attribute__((section(".vectors"), used)) static void *const vectors[7] = {
	stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
