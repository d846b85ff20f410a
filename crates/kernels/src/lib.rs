//! Kernels for training small convolutional nets on a CPU: slices in, slices out.
//!
//! **Layout.** Images stand in lanes: `[channel][row][column][16]`, where the last index is one of 16 images, a
//! *group*. Every operation is then full-width SIMD at any number of channels and any width, without shuffles. A
//! convolution that pads reads a [`Frame`] with a border of zeros.
//!
//! **A single image** stands in [`Planes`]: lanes hold pixels side by side, and every chain of multiply-adds is the same.
//!
//! **The same bits everywhere.** Each lane runs the same chain of fused multiply-adds whatever the width of a
//! register, lanes are summed in one fixed tree ([`sum_lanes`]), and sums over groups are returned group
//! by group. So results depend neither on the instruction set nor on the number of threads.

#![allow(clippy::too_many_arguments)] // a buffer is two of them, its pixels and its frame

mod activation;
mod blur;
mod combine;
mod conv;
mod conv_weights;
mod curve;
mod depthwise;
mod elementwise;
mod frame;
mod isa;
mod limit;
mod mask;
mod norm;
mod pixels;
mod plane_conv;
mod plane_pool;
mod planes;
mod pool;
mod quantize;
mod vector;
mod warp;

pub use activation::{Activation, Dropout, Scaling, activate, activate_and_pool};
pub use blur::blur;
pub use combine::{add, channel_products, scale_channels};
pub use conv::{PackedWeights, conv, conv_input_gradient};
pub use conv_weights::{conv_bias_gradient, conv_weight_gradient};
pub use curve::{Curve, curve, curve_gradient};
pub use depthwise::{depthwise, depthwise_input_gradient, depthwise_weight_gradient};
pub use elementwise::{drop_out, scale};
pub use frame::{Frame, LANES, LaneBits, Lanes, Windows, sum_lanes};
pub use isa::Isa;
pub use limit::multiply_add_limit;
pub use mask::mask_bits;
pub use norm::{
    Activated, Gradient, GradientSums, Norm, NormGradient, Statistics, activation_gradient,
    channel_statistics, gradient_sums,
};
pub use pixels::Pixels;
pub use plane_conv::{plane_conv, plane_depthwise};
pub use plane_pool::{plane_average_pool, plane_max_pool};
pub use planes::{Planes, TooLarge};
pub use pool::{Pool, average_pool, average_pool_gradient, max_pool, max_pool_gradient};
pub use quantize::{Grid, quantize, quantize_gradient, value_range};
pub use warp::{Bordered, displace, warp};
