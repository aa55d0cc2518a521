//! What DataFusion's planner must do for scans that a join or a sub-query binds.

mod bound;
mod joined;
mod literals;
mod once;
mod passing;
mod probe;
mod unambiguous;

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;

use crate::lateral::LateralUnnest;
use crate::nulls;
use bound::Bound;
use joined::JoinsSayWhatIsTrue;
use literals::LiteralsStandRight;
use once::Once;
use probe::ProbeSide;
use unambiguous::Unambiguous;

/// Bytes and rows of a build side that a join hands on as values.
const JOIN_BYTES_MAX: usize = 256 << 20;
pub(crate) const JOIN_ROWS_MAX: usize = 1_000_000;

/// Adds the rules, and the settings that they need.
pub(crate) fn install(builder: SessionStateBuilder, mut config: SessionConfig) -> SessionStateBuilder {
    let optimizer = &mut config.options_mut().optimizer;
    optimizer.hash_join_inlist_pushdown_max_size = JOIN_BYTES_MAX;
    optimizer.hash_join_inlist_pushdown_max_distinct_values = JOIN_ROWS_MAX;
    // DataFusion 55 loses the columns that it makes for `tags['k']` below an outer join with an empty side. Nothing is
    // gained by them here: a scan reads whole columns.
    optimizer.enable_leaf_expression_pushdown = false;
    let mut rules = PhysicalOptimizer::new().rules;
    for rule in &mut rules {
        if rule.name().starts_with("FilterPushdown") {
            *rule = Arc::new(Unambiguous(Arc::clone(rule)));
        }
    }
    let after_joins = rules.iter().position(|rule| rule.name() == "join_selection").map_or(0, |place| place + 1);
    rules.insert(after_joins, Arc::new(ProbeSide));
    rules.insert(0, Arc::new(JoinsSayWhatIsTrue));
    rules.push(Arc::new(Bound));
    rules.push(Arc::new(Once));
    let mut analyzer: Vec<Arc<dyn AnalyzerRule + Send + Sync>> =
        vec![Arc::new(LateralUnnest), Arc::new(LiteralsStandRight)];
    analyzer.extend(Analyzer::new().rules);
    analyzer.extend(nulls::rules());
    builder.with_config(config).with_analyzer_rules(analyzer).with_physical_optimizer_rules(rules)
}
