/** Names what computes losses and gradients: the project's own kernels, or libtorch's autograd. */
export type Engine = 'fused' | 'aten';
