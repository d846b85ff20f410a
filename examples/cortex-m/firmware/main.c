/* Reads some digits, and prints their classes by semihosting: a debugger's, or QEMU's. */
#include "digits.h"
#include "images.h"

#include <stdio.h>

int main(void)
{
	for (int i = 0; i < IMAGES; i++) {
		float logits[DIGITS_CLASSES];
		const int label = digits_predict(images[i], logits);
		printf("image %d: a %s, read as %s (%d/100)\n", i, digits_classes[labels[i]], digits_classes[label],
			(int)(logits[label] * 100));
	}
	return 0;
}
