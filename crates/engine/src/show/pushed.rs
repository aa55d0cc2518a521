//! What a predicate on a column puts into the requests.

use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};
use ec2ql_catalog::{Column, Table};

use crate::plan::TAG_FILTER;
use crate::provider::Ec2Table;
use crate::schema::{REGION, TAGS};

/// For a column of a table: `id ImportTaskId`, `filter task-state`, or nothing.
pub(super) fn by_table(table: &Table, column: &str) -> String {
    if column == REGION {
        return REGION.into();
    }
    if column == TAGS {
        let pushed = table.filters.iter().any(|filter| filter.name == TAG_FILTER);
        return if pushed { format!("filter {TAG_FILTER}") } else { String::new() };
    }
    if let Some(column) = table.columns.iter().find(|known| known.name == column) {
        return by_column(column);
    }
    let parameter = table.predicates().find(|(_, name)| name == column);
    parameter.map(|(parameter, _)| format!("parameter {}", parameter.name)).unwrap_or_default()
}

fn by_column(column: &Column) -> String {
    match (&column.id, &column.filter) {
        (Some(parameter), _) => format!("id {parameter}"),
        (None, Some(filter)) => format!("filter {filter}"),
        (None, None) => String::new(),
    }
}

/// For the column at a place of a view's plan: what every table that it comes from says, where it is a plain name
/// for a column of each.
pub(super) fn by_plan(plan: &LogicalPlan, place: usize) -> String {
    let Some(mut found) = origins(plan, place) else { return String::new() };
    if found.iter().any(String::is_empty) {
        return String::new();
    }
    found.sort_unstable();
    found.dedup();
    found.join(", ")
}

/// None: the column is computed, or a predicate on it does not get through.
fn origins(plan: &LogicalPlan, place: usize) -> Option<Vec<String>> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let mut expr = projection.expr.get(place)?;
            while let Expr::Alias(alias) = expr {
                expr = &alias.expr;
            }
            let Expr::Column(column) = expr else { return None };
            origins(&projection.input, projection.input.schema().maybe_index_of_column(column)?)
        }
        LogicalPlan::SubqueryAlias(alias) => origins(&alias.input, place),
        LogicalPlan::Filter(filter) => origins(&filter.input, place),
        LogicalPlan::Union(union) => {
            let found: Option<Vec<_>> = union.inputs.iter().map(|input| origins(input, place)).collect();
            Some(found?.into_iter().flatten().collect())
        }
        LogicalPlan::Unnest(unnest) => {
            let place = *unnest.dependency_indices.get(place)?;
            let column = unnest.input.schema().columns().into_iter().nth(place)?;
            // What is unnested is no plain name.
            if unnest.exec_columns.contains(&column) { None } else { origins(&unnest.input, place) }
        }
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::Inner if place >= left => origins(&join.right, place - left),
                JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti if place < left => {
                    origins(&join.left, place)
                }
                _ => None,
            }
        }
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source).ok()?;
            let table = provider.downcast_ref::<Ec2Table>()?;
            Some(vec![by_table(&table.table, scan.projected_schema.field(place).name())])
        }
        _ => None,
    }
}
