use std::mem::take;

use super::Program;
use crate::engine::fused::ops::{Activate, Kind};

/// Rewrites that let one stage do the work of several.
impl Program {
    /// Removes a flattening at the end: the order in memory is the same.
    pub(super) fn drop_last_flatten(&mut self) {
        while let Some(last) = self.stages.pop_if(|stage| matches!(stage.kind, Kind::Copy(_))) {
            self.output = last.inputs[0];
        }
    }

    /// Gathers a norm and the ReLU that alone reads its output into one stage.
    pub(super) fn fuse_activations(&mut self) {
        self.fuse(|first, second| match (first, second) {
            (Kind::Normalise(normalise), Kind::Activate(activate)) if activate.norm.is_none() => {
                activate.norm = Some(take(&mut normalise.norm));
                true
            }
            _ => false,
        });
    }

    /// Gathers a ReLU and the dropout that alone reads its output into one stage.
    pub(super) fn fuse_dropouts(&mut self) {
        self.fuse(|first, second| match (first, &*second) {
            (Kind::Activate(activate), &Kind::Dropout(dropout)) if activate.dropout.is_none() => {
                let (norm, dropout) = (activate.norm.take(), Some(dropout));
                *second = Kind::Activate(Activate { norm, dropout, pooled: None });
                true
            }
            _ => false,
        });
    }

    /// Lets an activation read the gradient of a max pool over windows of 2 x 2 that alone reads it, so that the gradient
    /// of the pool's input is never written.
    pub(super) fn fuse_pool_gradients(&mut self) {
        for first in 0..self.stages.len() {
            let Some(second) = self.only_reader(self.stages[first].output) else { continue };
            let pool_output = self.stages[second].output;
            if let Ok([stage, reader]) = self.stages.get_disjoint_mut([first, second])
                && let (Kind::Activate(activate), Kind::MaxPool(pool)) = (&mut stage.kind, &mut reader.kind)
                && pool.halves()
            {
                activate.pooled = Some(pool_output);
                pool.leaves_gradient = true;
            }
        }
    }

    /// Removes each stage whose work `fused` moves into the one that alone reads its output.
    fn fuse(&mut self, fused: impl Fn(&mut Kind, &mut Kind) -> bool) {
        let mut first = 0;
        while first < self.stages.len() {
            // The reader stays in its place, since its other inputs may come after the first stage.
            if let Some(second) = self.only_reader(self.stages[first].output)
                && let Ok([stage, reader]) = self.stages.get_disjoint_mut([first, second])
                && fused(&mut stage.kind, &mut reader.kind)
            {
                reader.inputs = take(&mut stage.inputs);
                self.stages.remove(first);
            } else {
                first += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{kinds, plan};
    use super::*;

    fn lowered(body: &str, order: &str, head: &str) -> Program {
        let block = format!(r#"{{"order": {order}, "bias": false, "norm": "batch", "dropout": 0.1}}"#);
        Program::new(&plan(6, &block, body, head), true).unwrap()
    }

    const USUAL: &str = r#"["conv", "norm", "relu", "dropout"]"#;
    const BLOCK: &str = r#"{"kind": "block", "channels": 3, "kernel": 1, "padding": 0}"#;
    const LAST: &str = r#"{"kind": "conv", "channels": 2, "kernel": 3, "padding": 0, "bias": true}"#;

    #[test]
    fn norm_relu_and_dropout_behind_a_convolution_are_one_stage_that_reads_the_gradient_of_a_pool() {
        let program = lowered(&format!(r#"[{BLOCK}, {{"kind": "max-pool", "kernel": 2}}]"#), USUAL, LAST);
        assert_eq!(kinds(&program), ["conv", "norm + relu + dropout, pooled", "max pool", "conv"]);
    }

    #[test]
    fn other_pools_leave_their_gradient_to_themselves() {
        for pool in [r#"{"kind": "max-pool", "kernel": 3}"#, r#"{"kind": "average-pool", "kernel": 2}"#] {
            let last = r#"{"kind": "conv", "channels": 2, "kernel": 2, "padding": 0, "bias": true}"#;
            let last = if pool.contains("max") { last } else { LAST };
            let program = lowered(&format!("[{BLOCK}, {pool}]"), USUAL, last);
            assert_eq!(kinds(&program)[1], "norm + relu + dropout");
        }
    }

    #[test]
    fn parts_in_another_order_are_stages_of_their_own() {
        let last = LAST.replace(r#""kernel": 3"#, r#""kernel": 6"#);
        let program = lowered(&format!("[{BLOCK}]"), r#"["relu", "norm", "dropout", "conv"]"#, &last);
        assert_eq!(kinds(&program), ["relu", "norm", "dropout", "conv", "conv"]);
    }

    #[test]
    fn a_flattening_is_a_copy_but_at_the_end() {
        let flatten = r#"{"kind": "flatten"}"#;
        let last = r#"{"kind": "conv", "channels": 2, "kernel": 1, "padding": 0, "bias": true}"#;
        let program = lowered(&format!("[{BLOCK}, {flatten}]"), USUAL, &format!("{last}, {flatten}"));
        assert_eq!(kinds(&program), ["conv", "norm + relu + dropout", "copy", "conv"]);
    }
}
