//! Nets: as data ([`NetSpec`]), as a graph with its tensors ([`Plan`]), and with their numbers ([`Weights`]).

mod build;
mod graph;
mod op;
mod plan;
mod quantize;
mod spec;
mod weights;

pub(crate) use build::operation;
pub use graph::{Graph, Node, ValueId};
pub use op::{Op, Shape, Window};
pub use plan::{Init, LayerPlan, ParameterPlan, Plan, RangePlan, StatisticsPlan};
pub use quantize::{Grid, Quantize, RoundedWeights, blend_range};
pub use spec::{
    Activation, BlockLayer, BlockPart, BlockSpec, ConcatLayer, ConvLayer, Groups, LayerSpec, LinearLayer,
    NetSpec, Norm, PoolLayer, RepeatLayer, ResidualLayer, SeparableLayer, Shortcut, SqueezeExciteLayer,
};
pub use weights::Weights;
