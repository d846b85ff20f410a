use super::{Program, Value};
use crate::engine::fused::ops::{Kind, Quantize, Stage};
use crate::net::{Plan, ValueId};

impl Program {
    /// Inserts a stage behind each value that is rounded in training, and lets its readers read the rounded one.
    pub(super) fn quantize(&mut self, plan: &Plan) {
        for (value, node) in plan.graph.nodes() {
            let Some(range) = node.range else { continue };
            let Some(maker) = self.stages.iter().position(|stage| stage.output == value) else { continue };
            let rounded = ValueId::at(self.values.len());
            let Value { shape, trained, .. } = *self.value(value);
            self.values.push(Value::new(shape, trained));
            let mut inputs = self.stages.iter_mut().flat_map(|stage| &mut stage.inputs);
            inputs.by_ref().filter(|input| **input == value).for_each(|input| *input = rounded);
            if self.output == value {
                self.output = rounded;
            }
            let kind = Kind::Quantize(Quantize::new(plan.ranges[range].range.clone()));
            self.stages.insert(maker + 1, Stage { kind, inputs: vec![value], output: rounded });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{kinds, plan};
    use super::*;
    use crate::net::Quantize as Numbers;

    #[test]
    fn values_are_rounded_behind_a_relu_in_training_alone() {
        let block = r#"{"order": ["conv", "norm", "relu", "dropout"], "bias": false, "norm": "batch", "dropout": 0.1}"#;
        let body = r#"[{"kind": "block", "channels": 3, "kernel": 3, "padding": 1}, {"kind": "max-pool", "kernel": 2}]"#;
        let head = r#"{"kind": "conv", "channels": 2, "kernel": 1, "padding": 0, "bias": true}, {"kind": "global-average-pool"}"#;
        let plan = plan(6, block, body, head).quantized(Some(Numbers::Int8));
        let names = |training| kinds(&Program::new(&plan, training).unwrap());
        let last = ["conv", "quantize", "average pool"];
        assert_eq!(
            names(true),
            [&["conv", "norm + relu", "quantize", "dropout", "max pool"][..], &last].concat()
        );
        assert_eq!(names(false), ["conv", "norm + relu + dropout", "max pool", "conv", "average pool"]);
    }
}
