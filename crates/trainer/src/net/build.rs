//! Builds a plan from a net's layers: shapes are inferred, parameters named by the paths of their layers.

use super::graph::{Graph, Node, ValueId};
use super::op::{Op, Shape, Window};
use super::plan::{Init, LayerPlan, ParameterPlan, Plan, StatisticsPlan};
use super::spec::{
    Activation, BlockLayer, BlockPart, BlockSpec, ConcatLayer, ConvLayer, Groups, LayerSpec, LinearLayer,
    NetSpec, Norm, PoolLayer, RepeatLayer, ResidualLayer, SeparableLayer, Shortcut, SqueezeExciteLayer,
    within,
};
use crate::TrainError;

/// 2^28 parameters are 1 GiB; far beyond what this project is about, and safely within what can be allocated.
const MOST_PARAMETERS: u128 = 1 << 28;

/// The most values of an image that a layer makes: more than any memory holds, and few enough that counting them can't
/// overflow.
const MOST_VALUES: u128 = 1 << 59;

/// A plan as it grows.
struct Builder<'a> {
    block: &'a BlockSpec,
    plan: Plan,
    dropouts: usize,
    /// Layers that the current one is within.
    depth: usize,
    /// Whether layers are run again, with the parameters that they have already.
    is_repetition: bool,
}

/// A convolution's settings.
#[derive(Clone, Copy)]
struct Conv {
    channels: usize,
    window: Window,
    groups: Option<Groups>,
    bias: bool,
}

/// Infers the shapes of a net.
pub(super) fn plan(net: &NetSpec) -> Result<Plan, TrainError> {
    net.check()?;
    let graph = Graph::new([net.channels, net.size, net.size]);
    let (layers, parameters, statistics, ranges) = (vec![], vec![], vec![], vec![]);
    let plan = Plan { graph, layers, parameters, statistics, ranges, quantize: None };
    let mut builder = Builder { block: &net.block, plan, dropouts: 0, depth: 0, is_repetition: false };
    let value = builder.chain(net.layers(), ValueId::IMAGES)?;
    let Builder { mut plan, .. } = builder;
    plan.graph.end_at(value);
    if plan.parameters.is_empty() {
        return Err(TrainError::setting("net.body", "at least one convolution", "none"));
    }
    let shape = plan.graph.shape(value);
    if shape != [net.classes, 1, 1] {
        return Err(TrainError::Shape {
            layer: net.layers().last().map_or("head".into(), |(path, _)| path),
            operation: "the last of the net".into(),
            expected: format!("to leave one value a class, {} x 1 x 1", net.classes),
            got: shape,
        });
    }
    Ok(plan)
}

impl Builder<'_> {
    /// Adds a layer's nodes, and returns their output.
    fn layer(&mut self, path: &str, layer: &LayerSpec, input: ValueId) -> Result<ValueId, TrainError> {
        let kind = match layer {
            LayerSpec::Separable(_) => "separable",
            LayerSpec::Residual(_) => "residual",
            LayerSpec::Concat(_) => "concat",
            LayerSpec::Repeat(_) => "repeat",
            LayerSpec::SqueezeExcite(_) => "squeeze-excite",
            LayerSpec::Linear(_) => "linear",
            _ => "",
        };
        self.listed(path, kind, input, |builder| builder.nodes(path, layer, input))
    }

    /// Lists a layer before those within it.
    fn listed(
        &mut self,
        path: &str,
        kind: &'static str,
        input: ValueId,
        nodes: impl FnOnce(&mut Self) -> Result<ValueId, TrainError>,
    ) -> Result<ValueId, TrainError> {
        let place = self.plan.layers.len();
        if !self.is_repetition {
            let (path, depth) = (path.to_owned(), self.depth);
            self.plan.layers.push(LayerPlan { path, kind, depth, input, output: input });
        }
        self.depth += 1;
        let output = nodes(self)?;
        self.depth -= 1;
        if !self.is_repetition {
            self.plan.layers[place].output = output;
        }
        Ok(output)
    }

    fn nodes(&mut self, path: &str, layer: &LayerSpec, input: ValueId) -> Result<ValueId, TrainError> {
        let block = self.block;
        match *layer {
            LayerSpec::Block(BlockLayer {
                channels,
                kernel,
                padding,
                stride,
                groups,
                dilation,
                activation,
            }) => {
                let window = window(kernel, padding, stride, dilation);
                let conv = Conv { channels, window, groups, bias: block.bias };
                self.block(path, path, conv, activation, input)
            }
            LayerSpec::Conv(ConvLayer { channels, kernel, padding, bias, stride, groups, dilation }) => {
                let window = window(kernel, padding, stride, dilation);
                self.conv(path, path, Conv { channels, window, groups, bias }, input)
            }
            LayerSpec::Separable(ref separable) => self.separable(path, separable, input),
            LayerSpec::Linear(ref linear) => self.linear(path, linear, input),
            LayerSpec::MaxPool(ref pool) => self.pool(path, "max pool", Op::MaxPool, pool, input),
            LayerSpec::AveragePool(ref pool) => self.pool(path, "average pool", Op::AveragePool, pool, input),
            LayerSpec::GlobalAveragePool => Ok(self.global_average_pool(path, input)),
            LayerSpec::Flatten => Ok(self.flatten(path, input)),
            LayerSpec::Residual(ref residual) => self.residual(path, residual, input),
            LayerSpec::Concat(ref concat) => self.concat(path, concat, input),
            LayerSpec::Repeat(ref repeat) => self.repeat(path, repeat, input),
            LayerSpec::SqueezeExcite(ref squeeze) => self.squeeze_excite(path, squeeze, input),
        }
    }

    fn chain<'a>(
        &mut self,
        mut layers: impl Iterator<Item = (String, &'a LayerSpec)>,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        layers.try_fold(input, |value, (path, layer)| self.layer(&path, layer, value))
    }

    /// Adds a convolution with the other parts of a block. Its parameters are named within `name`.
    fn block(
        &mut self,
        path: &str,
        name: &str,
        conv: Conv,
        activation: Option<Activation>,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        let block = self.block;
        block.order.iter().try_fold(input, |value, part| {
            Ok(match part {
                BlockPart::Conv => self.conv(path, name, conv, value)?,
                BlockPart::Norm => self.norm(path, name, value),
                BlockPart::Relu => {
                    let activation = activation.or(block.activation).unwrap_or(Activation::Relu);
                    self.activation(path, activation, value)
                }
                BlockPart::Dropout => self.dropout(path, value),
            })
        })
    }

    fn separable(
        &mut self,
        path: &str,
        separable: &SeparableLayer,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        let &SeparableLayer { channels, kernel, padding, stride, dilation, activation, between } = separable;
        let [depthwise, pointwise] = ["depthwise", "pointwise"].map(|part| format!("{path}.{part}"));
        let first = Conv {
            channels: self.shape(input)[0],
            window: window(kernel, padding, stride, dilation),
            groups: Some(Groups::Depthwise),
            bias: self.block.bias,
        };
        let value = self.listed(&depthwise, "", input, |builder| {
            if between.unwrap_or(true) {
                builder.block(&depthwise, &depthwise, first, activation, input)
            } else {
                builder.conv(&depthwise, &depthwise, first, input)
            }
        })?;
        let second = Conv { channels, window: Window::PIXEL, groups: None, bias: self.block.bias };
        self.listed(&pointwise, "", value, |builder| {
            builder.block(&pointwise, &pointwise, second, activation, value)
        })
    }

    fn linear(&mut self, path: &str, linear: &LinearLayer, input: ValueId) -> Result<ValueId, TrainError> {
        let &LinearLayer { features, bias, activation } = linear;
        let flat = self.flatten(path, input);
        let fan_in = self.shape(flat)[0];
        let init = self.fan_in(path, features, fan_in as u128)?;
        let weight = self.parameter(format!("{path}.linear.weight"), vec![features, fan_in], init);
        let bias = bias.unwrap_or(true);
        let bias = bias.then(|| self.parameter(format!("{path}.linear.bias"), vec![features], init));
        let op = Op::Conv { weight, bias, window: Window::PIXEL, groups: 1 };
        let value = self.push(path, op, vec![flat], [features, 1, 1]);
        Ok(self.activation(path, activation.unwrap_or(Activation::None), value))
    }

    fn residual(
        &mut self,
        path: &str,
        residual: &ResidualLayer,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        let first = self.plan.graph.values();
        let inner = self.chain(within(&format!("{path}.layers"), &residual.layers), input)?;
        if residual.zero_init == Some(true) {
            let nodes = self.plan.graph.nodes().filter(|(value, _)| value.index() >= first);
            let last = nodes.rev().find_map(|(_, node)| match node.op {
                Op::BatchNorm { weight, .. } => Some(weight),
                _ => None,
            });
            let Some(weight) = last else {
                let expected = "false where no norm is in `layers`";
                return Err(TrainError::setting(format!("net.{path}.zeroInit"), expected, "true"));
            };
            self.plan.parameters[weight].init = Init::Zeros;
        }
        let (before, after) = (self.shape(input), self.shape(inner));
        let around = match residual.shortcut.unwrap_or(Shortcut::Identity) {
            Shortcut::Identity if before == after => input,
            Shortcut::Identity => {
                return Err(TrainError::Shape {
                    layer: path.to_owned(),
                    operation: "residual".into(),
                    expected: format!(
                        "its layers to leave the shape of their input, {} (or `shortcut` to be `conv`)",
                        shown(before)
                    ),
                    got: after,
                });
            }
            Shortcut::Conv => {
                let stride = before[1].div_ceil(after[1]);
                let window = Window { stride, ..Window::PIXEL };
                let sides = [before[1], before[2]].map(|side| window.count(side));
                if sides != [Some(after[1]), Some(after[2])] {
                    return Err(TrainError::Shape {
                        layer: path.to_owned(),
                        operation: "residual".into(),
                        expected: format!(
                            "its layers to leave a size that a stride over {} x {} leads to",
                            before[1], before[2]
                        ),
                        got: after,
                    });
                }
                let shortcut = format!("{path}.shortcut");
                let conv = Conv { channels: after[0], window, groups: None, bias: self.block.bias };
                self.listed(&shortcut, "", input, |builder| {
                    let value = builder.conv(&shortcut, &shortcut, conv, input)?;
                    Ok(builder.norm(&shortcut, &shortcut, value))
                })?
            }
        };
        let sum = self.push(path, Op::Add, vec![inner, around], after);
        Ok(self.activation(path, residual.activation.unwrap_or(Activation::None), sum))
    }

    fn concat(&mut self, path: &str, concat: &ConcatLayer, input: ValueId) -> Result<ValueId, TrainError> {
        let mut inputs = vec![];
        for (i, branch) in concat.branches.iter().enumerate() {
            let layers = within(&format!("{path}.branches.{i}"), branch);
            inputs.push(self.chain(layers, input)?);
        }
        let [_, height, width] = self.shape(inputs[0]);
        let mut channels: u128 = 0;
        for (i, &branch) in inputs.iter().enumerate() {
            let shape = self.shape(branch);
            if shape[1..] != [height, width] {
                return Err(TrainError::Shape {
                    layer: format!("{path}.branches.{i}"),
                    operation: "concat".into(),
                    expected: format!("the size of the first branch, {height} x {width}"),
                    got: shape,
                });
            }
            channels += shape[0] as u128;
        }
        let values = channels * (height * width) as u128;
        if values > MOST_VALUES {
            return Err(TrainError::setting(
                format!("net.{path}.branches"),
                format!("branches that make at most {MOST_VALUES} values of an image"),
                format!("{values} values"),
            ));
        }
        Ok(self.push(path, Op::Concat, inputs, [channels as usize, height, width]))
    }

    fn repeat(&mut self, path: &str, repeat: &RepeatLayer, input: ValueId) -> Result<ValueId, TrainError> {
        let was_repetition = self.is_repetition;
        let mut value = input;
        for _ in 0..repeat.times {
            let after = self.chain(within(&format!("{path}.layers"), &repeat.layers), value)?;
            if self.shape(after) != self.shape(input) {
                return Err(TrainError::Shape {
                    layer: path.to_owned(),
                    operation: format!("repeat {} times", repeat.times),
                    expected: format!(
                        "its layers to leave the shape of their input, {}",
                        shown(self.shape(input))
                    ),
                    got: self.shape(after),
                });
            }
            value = after;
            self.is_repetition = true;
        }
        self.is_repetition = was_repetition;
        Ok(value)
    }

    fn squeeze_excite(
        &mut self,
        path: &str,
        squeeze: &SqueezeExciteLayer,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        let shape = self.shape(input);
        let conv = |channels| Conv { channels, window: Window::PIXEL, groups: None, bias: true };
        let value = self.global_average_pool(path, input);
        let value = self.conv(path, &format!("{path}.squeeze"), conv(squeeze.channels), value)?;
        let value = self.activation(path, Activation::Relu, value);
        let value = self.conv(path, &format!("{path}.excite"), conv(shape[0]), value)?;
        let gate = self.push(path, Op::Sigmoid, vec![value], [shape[0], 1, 1]);
        Ok(self.push(path, Op::Scale, vec![input, gate], shape))
    }

    fn conv(&mut self, path: &str, name: &str, conv: Conv, input: ValueId) -> Result<ValueId, TrainError> {
        let Conv { channels, window, groups, bias } = conv;
        let Window { kernel, padding, .. } = window;
        let [from, height, width] = self.shape(input);
        let wrong = |expected: String| TrainError::Shape {
            layer: path.to_owned(),
            operation: format!("{}, padding {padding}, {from} to {channels}", operation(window, groups)),
            expected,
            got: [from, height, width],
        };
        let Some((rows, columns)) = window.count(height).zip(window.count(width)) else {
            let least = window.extent().saturating_sub(2 * padding);
            return Err(wrong(format!(
                "an image of at least {least} x {least} ({from} x {least} x {least})"
            )));
        };
        let groups = match groups {
            None => 1,
            Some(Groups::Number(groups)) => groups,
            Some(Groups::Depthwise) => from,
        };
        if from % groups != 0 || channels % groups != 0 {
            return Err(wrong(format!("channels in and out that {groups} groups divide")));
        }
        let from = from / groups;
        let init = self.fan_in(path, channels, from as u128 * (kernel * kernel) as u128)?;
        let weight =
            self.parameter(format!("{name}.conv.weight"), vec![channels, from, kernel, kernel], init);
        let bias = bias.then(|| self.parameter(format!("{name}.conv.bias"), vec![channels], init));
        let op = Op::Conv { weight, bias, window, groups };
        Ok(self.push(path, op, vec![input], [channels, rows, columns]))
    }

    /// Returns the initialisation of weights and bias, after a check that there may be so many.
    fn fan_in(&self, path: &str, outputs: usize, fan_in: u128) -> Result<Init, TrainError> {
        let total = self.plan.parameter_count() as u128 + outputs as u128 * fan_in;
        if total > MOST_PARAMETERS {
            return Err(TrainError::setting(
                format!("net.{path}"),
                format!("a layer that keeps the net within {MOST_PARAMETERS} parameters"),
                format!("{total} parameters"),
            ));
        }
        Ok(Init::FanIn(fan_in as usize)) // at most 2^28
    }

    /// Adds the block's norm, if it has one.
    fn norm(&mut self, path: &str, name: &str, input: ValueId) -> ValueId {
        if self.block.norm == Norm::None {
            return input;
        }
        let shape = self.shape(input);
        let channels = shape[0];
        let weight = self.parameter(format!("{name}.norm.weight"), vec![channels], Init::Ones);
        let bias = self.parameter(format!("{name}.norm.bias"), vec![channels], Init::Zeros);
        let statistics = self.statistics(format!("{name}.norm"), channels);
        let momentum = self.block.norm_momentum.unwrap_or(crate::engine::NORM_MOMENTUM);
        let epsilon = self.block.norm_epsilon.unwrap_or(crate::engine::NORM_EPSILON);
        self.push(path, Op::BatchNorm { weight, bias, statistics, momentum, epsilon }, vec![input], shape)
    }

    fn activation(&mut self, path: &str, activation: Activation, input: ValueId) -> ValueId {
        if activation == Activation::None {
            return input;
        }
        self.push(path, Op::Activation(activation), vec![input], self.shape(input))
    }

    /// Adds the block's dropout, if it has one.
    fn dropout(&mut self, path: &str, input: ValueId) -> ValueId {
        let probability = self.block.dropout;
        if probability == 0.0 {
            return input;
        }
        let index = self.dropouts;
        self.dropouts += 1;
        self.push(path, Op::Dropout { probability, index }, vec![input], self.shape(input))
    }

    fn pool(
        &mut self,
        path: &str,
        name: &str,
        op: fn(Window) -> Op,
        pool: &PoolLayer,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        let &PoolLayer { kernel, stride, padding } = pool;
        let window = window(kernel, padding.unwrap_or(0), Some(stride.unwrap_or(kernel)), None);
        let [channels, height, width] = self.shape(input);
        let Some((rows, columns)) = window.count(height).zip(window.count(width)) else {
            let least = kernel.saturating_sub(2 * window.padding);
            return Err(TrainError::Shape {
                layer: path.to_owned(),
                operation: format!("{name} {kernel}"),
                expected: format!("an image of at least {least} x {least} ({channels} x {least} x {least})"),
                got: [channels, height, width],
            });
        };
        Ok(self.push(path, op(window), vec![input], [channels, rows, columns]))
    }

    fn global_average_pool(&mut self, path: &str, input: ValueId) -> ValueId {
        let [channels, ..] = self.shape(input);
        self.push(path, Op::GlobalAveragePool, vec![input], [channels, 1, 1])
    }

    fn flatten(&mut self, path: &str, input: ValueId) -> ValueId {
        // At most 2^59 for any shape there can be.
        let flat = [self.shape(input).iter().product(), 1, 1];
        self.push(path, Op::Flatten, vec![input], flat)
    }

    fn shape(&self, value: ValueId) -> Shape {
        self.plan.graph.shape(value)
    }

    fn push(&mut self, layer: &str, op: Op, inputs: Vec<ValueId>, shape: Shape) -> ValueId {
        self.plan.graph.push(Node { layer: layer.to_owned(), op, inputs, shape, range: None })
    }

    /// Adds a parameter, or returns that of its name where layers are run again.
    fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> usize {
        let is_it = |parameter: &ParameterPlan| self.is_repetition && parameter.name == name;
        let known = self.plan.parameters.iter().position(is_it);
        known.unwrap_or_else(|| self.plan.parameter(name, shape, init))
    }

    fn statistics(&mut self, name: String, channels: usize) -> usize {
        let is_it = |statistics: &StatisticsPlan| self.is_repetition && statistics.name == name;
        let known = self.plan.statistics.iter().position(is_it);
        known.unwrap_or_else(|| {
            let start = self.plan.statistics_count();
            let (mean, variance) = (start..start + channels, start + channels..start + 2 * channels);
            self.plan.statistics.push(StatisticsPlan { name, mean, variance });
            self.plan.statistics.len() - 1
        })
    }
}

fn window(kernel: usize, padding: usize, stride: Option<usize>, dilation: Option<usize>) -> Window {
    Window { kernel, stride: stride.unwrap_or(1), padding, dilation: dilation.unwrap_or(1) }
}

/// Describes a convolution, such as `depthwise conv 3x3, stride 2`.
pub(crate) fn operation(window: Window, groups: Option<Groups>) -> String {
    let Window { kernel, stride, dilation, .. } = window;
    let named = matches!(groups, Some(Groups::Depthwise));
    let mut text = format!("{}conv {kernel}x{kernel}", if named { "depthwise " } else { "" });
    let number = if let Some(Groups::Number(number)) = groups { number } else { 1 };
    for (value, what) in [(stride, "stride"), (dilation, "dilation"), (number, "groups")] {
        if value != 1 {
            text += &format!(", {what} {value}");
        }
    }
    text
}

fn shown([channels, height, width]: Shape) -> String {
    format!("{channels} x {height} x {width}")
}
