//! Nets: as data ([`NetSpec`]), with inferred shapes ([`Plan`]), and with their numbers ([`Weights`]).

mod plan;
mod spec;
mod weights;

pub use plan::{Init, Op, ParameterPlan, Plan, PlannedOp, Shape, StatisticsPlan};
pub use spec::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm};
pub use weights::Weights;
