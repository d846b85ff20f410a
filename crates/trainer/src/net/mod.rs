//! Nets: as data ([`NetSpec`]), as a graph with its tensors ([`Plan`]), and with their numbers ([`Weights`]).

mod graph;
mod op;
mod plan;
mod spec;
mod weights;

pub use graph::{Graph, Node, ValueId};
pub use op::{Op, Shape, Window};
pub use plan::{Init, ParameterPlan, Plan, StatisticsPlan};
pub use spec::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm};
pub use weights::Weights;
