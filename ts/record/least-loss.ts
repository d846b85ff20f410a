/** Of probabilities, which are saved with four digits. */
export const rounding = 0.000_05;

/**
 * Returns the least loss of a mistake: the right class has at most the probability of the predicted one, and at most its
 * share of the rest, since so many classes as its rank says are likelier.
 */
export const leastLoss = (predicted: number, rank = 2): number =>
	-Math.log(Math.min(1, predicted + rounding, (1 - predicted + rounding) / (rank - 1))) * (1 - 1e-5);
