//! Training for whole numbers of 8 bits: which values of a net are rounded, and by what.
//!
//! The values are those that C in whole numbers keeps (`ts/export/c/int8`): it folds norms into the convolutions before them,
//! and leaves out a ReLU whose effect the limits of a range have. So a convolution's output is not rounded where a norm or a
//! ReLU alone reads it, but the output of those is.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::graph::{Graph, ValueId};
use super::op::{Op, Shape};
use super::plan::{ParameterPlan, Plan, RangePlan};
use super::spec::Activation;
use crate::TrainError;
use crate::alloc::zeros;

/// Whole numbers that a net is trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantize {
    /// 8 bits: weights by a scale for each output channel, values by a range for each.
    Int8,
}

/// The numbers that a value is rounded to: `scale * n`, with a whole number n from `lowest` to `highest`, 256 in all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The distance of its numbers.
    pub scale: f64,
    /// The lowest n, at most 0.
    pub lowest: i16,
    /// The highest n, at least 0.
    pub highest: i16,
}

impl Grid {
    /// Returns the numbers of a range with 0 in it; `None` for one so narrow that nothing was seen yet.
    #[must_use]
    pub fn of([low, high]: [f64; 2]) -> Option<Self> {
        let scale = (high - low) / 255.0;
        if !(scale.is_finite() && scale >= f64::from(f32::MIN_POSITIVE)) {
            return None;
        }
        let zero = (0.5 - 128.0 - low / scale).floor() as i16; // as JavaScript rounds
        Some(Self { scale, lowest: -128 - zero, highest: 127 - zero })
    }
}

/// Blends a share of the range of a batch's values into the running one, which a first batch replaces.
pub fn blend_range(running: &mut [f64; 2], seen: [f64; 2], share: f64) {
    let is_fresh = *running == [0.0, 0.0];
    for (old, new) in running.iter_mut().zip(seen) {
        *old = if is_fresh { new } else { *old * (1.0 - share) + new * share };
    }
}

/// The parameters of a net with rounded weights: those of each output channel are multiples of a 127th of the largest of them.
///
/// A norm that is folded into a convolution scales its output channels, so it makes no difference whether weights are
/// rounded before or after.
#[derive(Debug)]
pub struct RoundedWeights {
    /// The weights of each output channel.
    channels: Vec<Range<usize>>,
    parameters: Vec<f32>,
}

impl RoundedWeights {
    /// Allocates those of a net that is trained for whole numbers; `None` for any other.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn of(plan: &Plan) -> Result<Option<Self>, TrainError> {
        if plan.quantize.is_none() {
            return Ok(None);
        }
        let weights = plan.parameters.iter().filter(|planned| planned.is_weight());
        let channels = weights.flat_map(|ParameterPlan { range, shape, .. }| {
            let length = range.len() / shape[0];
            range.clone().step_by(length).map(move |start| start..start + length)
        });
        Ok(Some(Self { channels: channels.collect(), parameters: zeros(plan.parameter_count())? }))
    }

    /// Rounds all weights, and returns them with the other parameters as they are.
    pub fn round(&mut self, parameters: &[f32]) -> &[f32] {
        self.parameters.copy_from_slice(parameters);
        for channel in &self.channels {
            let weights = &mut self.parameters[channel.clone()];
            let scale = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs())) / 127.0;
            if scale >= f32::MIN_POSITIVE {
                let inverse = 1.0 / scale;
                weights.iter_mut().for_each(|weight| *weight = (*weight * inverse).round_ties_even() * scale);
            }
        }
        &self.parameters
    }
}

impl Plan {
    /// Lets the values of the net be rounded in training, as the whole numbers that it is trained for need it.
    #[must_use]
    pub(crate) fn quantized(mut self, quantize: Option<Quantize>) -> Self {
        self.quantize = quantize;
        if quantize.is_some() {
            for value in rounded_values(&self.graph) {
                let start = self.statistics_count();
                let name = format!("ranges.{}", value.index());
                self.graph.set_range(value, self.ranges.len());
                self.ranges.push(RangePlan { name, range: start..start + 2 });
            }
        }
        self
    }
}

/// Returns the values that are kept in a byte.
fn rounded_values(graph: &Graph) -> Vec<ValueId> {
    let kept = Kept::of(graph).without_dropouts().with_folded_norms().without_flattens();
    let is_rounded = |place: &usize| {
        let is_output = kept.output == place + 1;
        match kept.nodes[*place].op {
            Op::MaxPool(_) | Op::Flatten => false, // the numbers of its input
            // Logits have 32 bits, where the operation has sums of so many.
            Op::Conv { .. } | Op::AveragePool(_) | Op::GlobalAveragePool if is_output => false,
            _ => !kept.is_limited(*place),
        }
    };
    (0..kept.nodes.len()).filter(is_rounded).map(|place| kept.nodes[place].value).collect()
}

/// The operations that C in whole numbers has. Values are numbered as in [`Graph`].
struct Kept {
    nodes: Vec<KeptNode>,
    output: usize,
    images: Shape,
}

struct KeptNode {
    op: Op,
    inputs: Vec<usize>,
    /// Its output in the graph; that of the norm which is folded into it.
    value: ValueId,
    shape: Shape,
}

impl Kept {
    fn of(graph: &Graph) -> Self {
        let nodes = graph.nodes().map(|(value, node)| KeptNode {
            op: node.op,
            inputs: node.inputs.iter().map(|input| input.index()).collect(),
            value,
            shape: node.shape,
        });
        let (output, images) = (graph.output().index(), graph.shape(ValueId::IMAGES));
        Self { nodes: nodes.collect(), output, images }
    }

    fn readers(&self, value: usize) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&place| self.nodes[place].inputs.contains(&value)).collect()
    }

    /// Returns the place of the node that alone reads a node's output, which is not the net's.
    fn only_reader(&self, place: usize) -> Option<usize> {
        match self.readers(place + 1)[..] {
            [reader] if self.output != place + 1 => Some(reader),
            _ => None,
        }
    }

    /// Removes nodes whose output is that of their only input.
    fn without(self, is_removed: &[bool]) -> Self {
        let mut renamed = vec![0];
        let mut nodes: Vec<KeptNode> = vec![];
        for (node, is_removed) in self.nodes.into_iter().zip(is_removed) {
            let inputs: Vec<usize> = node.inputs.iter().map(|&input| renamed[input]).collect();
            if *is_removed {
                renamed.push(inputs[0]);
            } else {
                nodes.push(KeptNode { inputs, ..node });
                renamed.push(nodes.len());
            }
        }
        Self { nodes, output: renamed[self.output], images: self.images }
    }

    fn without_dropouts(self) -> Self {
        let dropouts: Vec<_> = self.nodes.iter().map(|node| matches!(node.op, Op::Dropout { .. })).collect();
        self.without(&dropouts)
    }

    /// Folds each norm into the convolution that it alone reads: if layers are repeated, where the same norm follows every time.
    fn with_folded_norms(mut self) -> Self {
        let convolutions: Vec<(usize, usize, Option<usize>)> = (0..self.nodes.len())
            .filter_map(|place| match self.nodes[place].op {
                Op::Conv { weight, .. } => Some((place, weight, self.norm_behind(place))),
                _ => None,
            })
            .collect();
        let scale_of = |norm: Option<usize>| match self.nodes[norm?].op {
            Op::BatchNorm { weight, .. } => Some(weight),
            _ => None,
        };
        let folded: Vec<(usize, usize)> = convolutions
            .iter()
            .filter_map(|&(place, weight, norm)| {
                let mut sharing = convolutions.iter().filter(|other| other.1 == weight);
                let is_same = sharing.all(|other| scale_of(other.2) == scale_of(norm));
                is_same.then_some(norm).flatten().map(|norm| (place, norm))
            })
            .collect();
        let mut removed = vec![false; self.nodes.len()];
        for (place, norm) in folded {
            self.nodes[place].value = self.nodes[norm].value;
            removed[norm] = true;
        }
        self.without(&removed)
    }

    fn norm_behind(&self, place: usize) -> Option<usize> {
        self.only_reader(place).filter(|&reader| matches!(self.nodes[reader].op, Op::BatchNorm { .. }))
    }

    /// Removes flattens of single pixels, and those before linear layers, which become convolutions.
    fn without_flattens(self) -> Self {
        let is_linear = |&reader: &usize| match self.nodes[reader].op {
            Op::Conv { window, groups, .. } => window.kernel == 1 && window.padding == 0 && groups == 1,
            _ => false,
        };
        let is_removed = |place: usize| {
            let input = self.nodes[place].inputs[0];
            let height = input.checked_sub(1).map_or(self.images, |place| self.nodes[place].shape)[1];
            let is_read = || self.output != place + 1 && self.readers(place + 1).iter().all(is_linear);
            matches!(self.nodes[place].op, Op::Flatten) && (height == 1 || is_read())
        };
        let removed: Vec<_> = (0..self.nodes.len()).map(is_removed).collect();
        self.without(&removed)
    }

    /// Whether a ReLU or ReLU6 alone reads a sum: the limits of its range do the same.
    fn is_limited(&self, place: usize) -> bool {
        let has_sums = matches!(
            self.nodes[place].op,
            Op::Conv { .. }
                | Op::BatchNorm { .. }
                | Op::Add
                | Op::Scale
                | Op::AveragePool(_)
                | Op::GlobalAveragePool
        );
        let is_limit = |reader: usize| {
            let limits = Op::Activation(Activation::Relu) == self.nodes[reader].op
                || Op::Activation(Activation::Relu6) == self.nodes[reader].op;
            limits && self.output != reader + 1
        };
        has_sums && self.only_reader(place).is_some_and(is_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{NetSpec, Node};

    /// Returns the layers whose outputs are rounded, with the operation; of a net of gray images of 6 x 6 in two classes.
    fn rounded(order: &str, body: &str, head: &str) -> Vec<String> {
        let block = format!(r#"{{"order": {order}, "bias": false, "norm": "batch", "dropout": 0.1}}"#);
        let net = format!(
            r#"{{"channels": 1, "size": 6, "classes": 2, "block": {block}, "body": [{body}], "head": [{head}]}}"#
        );
        let net: NetSpec = serde_json::from_str(&net).unwrap();
        let plan = Plan::of(&net).unwrap().quantized(Some(Quantize::Int8));
        let name = |(_, node): (_, &Node)| {
            let op = format!("{:?}", node.op);
            node.range.map(|_| format!("{} {}", node.layer, op.split([' ', '(']).next().unwrap()))
        };
        plan.graph.nodes().filter_map(name).collect()
    }

    const USUAL: &str = r#"["conv", "norm", "relu", "dropout"]"#;
    const BLOCK: &str = r#"{"kind": "block", "channels": 3, "kernel": 3, "padding": 1}"#;
    const LAST: &str = r#"{"kind": "conv", "channels": 2, "kernel": 1, "padding": 0, "bias": true}"#;
    const POOL: &str = r#"{"kind": "global-average-pool"}"#;

    #[test]
    fn a_block_is_rounded_behind_its_relu_and_the_logits_not_at_all() {
        let head = format!("{POOL}, {LAST}, {{\"kind\": \"flatten\"}}");
        assert_eq!(rounded(USUAL, BLOCK, &head), ["body.0 Activation", "head.0 GlobalAveragePool"]);
    }

    #[test]
    fn a_norm_that_no_convolution_is_before_is_rounded_unless_a_relu_alone_reads_it() {
        let head = format!("{POOL}, {LAST}");
        let got = rounded(r#"["norm", "relu", "dropout", "conv"]"#, BLOCK, &head);
        assert_eq!(got, ["body.0 Activation", "body.0 Conv", "head.0 GlobalAveragePool"]);
        let got = rounded(r#"["relu", "norm", "dropout", "conv"]"#, BLOCK, &head);
        assert_eq!(got, ["body.0 Activation", "body.0 BatchNorm", "body.0 Conv", "head.0 GlobalAveragePool"]);
    }

    #[test]
    fn a_value_that_several_read_is_rounded_and_a_pool_has_the_numbers_of_its_input() {
        let conv = r#"{"kind": "conv", "channels": 3, "kernel": 1, "padding": 0, "bias": true}"#;
        let residual = format!(r#"{{"kind": "residual", "layers": [{BLOCK}], "activation": "relu"}}"#);
        let body = format!(r#"{conv}, {residual}, {{"kind": "max-pool", "kernel": 2}}"#);
        let got = rounded(USUAL, &body, &format!("{POOL}, {LAST}"));
        let inner = "body.1.layers.0 Activation";
        assert_eq!(got, ["body.0 Conv", inner, "body.1 Activation", "head.0 GlobalAveragePool"]);
    }

    #[test]
    fn a_linear_layer_reads_the_numbers_before_its_flatten() {
        let linear =
            |features| format!(r#"{{"kind": "linear", "features": {features}, "activation": "relu"}}"#);
        let head = format!("{}, {}", linear(4), r#"{"kind": "linear", "features": 2}"#);
        assert_eq!(rounded(USUAL, BLOCK, &head), ["body.0 Activation", "head.0 Activation"]);
    }

    #[test]
    fn a_file_with_a_range_without_0_is_refused() {
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples/squares");
        let experiment = std::fs::read_to_string(samples.join("experiment.json")).unwrap();
        let experiment: crate::Experiment = serde_json::from_str(&experiment).unwrap();
        let plan = Plan::of(&experiment.net).unwrap().quantized(Some(Quantize::Int8));
        let mut weights = crate::net::Weights::init(&plan, 1).unwrap();
        assert_eq!(weights.check_numbers(&plan), Ok(()));
        let RangePlan { name, range } = plan.ranges[0].clone();
        weights.statistics[range].copy_from_slice(&[0.5, 1.0]);
        let error = weights.check_numbers(&plan).unwrap_err();
        assert_eq!(error, format!("the tensor `{name}` holds 0.5 and 1, which is no range with 0 in it"));
    }

    #[test]
    fn a_grid_has_256_numbers_with_0_and_both_limits_among_them() {
        let grid = Grid::of([-1.0, 1.55]).unwrap();
        assert_eq!((grid.lowest, grid.highest), (-100, 155));
        assert!((grid.scale - 0.01).abs() < 1e-12);
        assert_eq!(Grid::of([0.0, 0.0]), None);
        assert_eq!(Grid::of([0.0, 255.0]), Some(Grid { scale: 1.0, lowest: 0, highest: 255 }));
    }
}
