//! Filters over a join whose sides have columns of one name.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::config::ConfigOptions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

/// DataFusion 55 takes a filter through a projection by the names of its columns, and of two columns of one name by the
/// last: `a.x IS NULL` above `a RIGHT JOIN b` would become a filter on `b.x`. No filter is taken down in such a plan.
#[derive(Debug)]
pub(super) struct Unambiguous(pub(super) Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Unambiguous {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if is_ambiguous(&plan, false) { Ok(plan) } else { self.0.optimize(plan, options) }
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether a projection below something that makes filters has two columns of one name.
fn is_ambiguous(plan: &Arc<dyn ExecutionPlan>, filters_above: bool) -> bool {
    if filters_above && plan.name() == "ProjectionExec" {
        let schema = plan.schema();
        let mut names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return true;
        }
    }
    let filters = filters_above || plan.name() == "FilterExec" || plan.name().ends_with("JoinExec");
    plan.children().into_iter().any(|child| is_ambiguous(child, filters))
}
