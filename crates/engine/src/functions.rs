//! Functions by their names: a misspelt one gets the nearest.

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::{CopyToSource, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{Expr, ObjectName, TableFactor, Visit, Visitor};

use crate::error::Error;
use crate::names::{NameError, NameErrorKind, nearest};

/// What the planner knows without a registry.
const PLANNED: [&str; 2] = ["unnest", "unnest_outer"];

/// Plans a statement whose names are resolved.
///
/// # Errors
/// Where it calls a function that does not exist, the error says so; else what the planner says.
pub(crate) async fn plan(state: &SessionState, statement: Parsed) -> Result<LogicalPlan, Error> {
    let mut calls = Calls::default();
    calls.read(&statement);
    let error = match state.statement_to_plan(statement).await {
        Ok(plan) => return Ok(plan),
        Err(error) => error,
    };
    let scalar = |name: &str| PLANNED.contains(&name) || in_expressions(state).any(|(known, _)| known == name);
    let table = |name: &str| PLANNED.contains(&name) || state.table_functions().contains_key(name);
    if let Some(name) = calls.scalar.iter().find(|name| !scalar(name)) {
        return Err(unknown(name, in_expressions(state).map(|(known, _)| known)));
    }
    if let Some(name) = calls.table.iter().find(|name| !table(name)) {
        return Err(unknown(name, state.table_functions().keys().map(String::as_str)));
    }
    Err(error.into())
}

/// Every function that an expression can call, with its kind; aliases included.
pub(crate) fn in_expressions(state: &SessionState) -> impl Iterator<Item = (&str, &'static str)> {
    let scalar = state.scalar_functions().keys().map(|name| (name.as_str(), "scalar"));
    let lambda = state.higher_order_functions().keys().map(|name| (name.as_str(), "lambda"));
    let aggregate = state.aggregate_functions().keys().map(|name| (name.as_str(), "aggregate"));
    let window = state.window_functions().keys().map(|name| (name.as_str(), "window"));
    scalar.chain(lambda).chain(aggregate).chain(window)
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let candidates = nearest(name, known);
    let advice = candidates.is_empty().then(|| "SHOW FUNCTIONS lists them.".to_owned());
    let (kind, name) = (NameErrorKind::Function, name.to_owned());
    NameError { kind, name, candidates, looked_at: vec![], position: None, advice }.into()
}

/// The functions that a statement calls, in lower case.
#[derive(Default)]
struct Calls {
    scalar: Vec<String>,
    table: Vec<String>,
}

impl Calls {
    fn read(&mut self, statement: &Parsed) {
        let ControlFlow::Continue(()) = match statement {
            Parsed::Statement(sql) => sql.visit(self),
            Parsed::CopyTo(copy) => match &copy.source {
                CopyToSource::Query(query) => query.visit(self),
                CopyToSource::Relation(_) => return,
            },
            Parsed::Explain(explain) => return self.read(&explain.statement),
            Parsed::CreateExternalTable(_) | Parsed::Reset(_) => return,
        };
    }
}

impl Visitor for Calls {
    type Break = std::convert::Infallible;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        if let Expr::Function(call) = expr {
            self.scalar.push(lower(&call.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                self.table.push(lower(name));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn lower(name: &ObjectName) -> String {
    name.to_string().to_lowercase()
}
