//! The types of expressions, as far as they matter for paths behind them.

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident};

use super::frame::{Clause, Found, Frame};
use super::path;

/// Functions whose value is of their first argument's type.
const SAME_TYPE: &[&str] = &[
    "any_value",
    "array_distinct",
    "array_reverse",
    "array_slice",
    "array_sort",
    "coalesce",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "list_distinct",
    "list_slice",
    "list_sort",
    "max",
    "min",
    "nth_value",
    "nullif",
];

/// Functions whose value is an element of their first argument.
const ELEMENT: &[&str] =
    &["array_any_value", "array_element", "array_extract", "list_any_value", "list_element", "list_extract", "unnest"];

/// The type of a resolved expression, if it is a column or a path, or picks a value out of one.
pub(super) fn type_of(expr: &Expr, frame: &Frame<'_>, clause: Clause) -> Option<DataType> {
    let column = |name: &[Ident]| match frame.find(name, clause) {
        Ok(Found::Column { data_type, used, .. }) if used == name.len() => data_type,
        _ => None,
    };
    match expr {
        Expr::Identifier(name) => column(std::slice::from_ref(name)),
        Expr::CompoundIdentifier(name) => column(name),
        Expr::Nested(inner) => type_of(inner, frame, clause),
        Expr::CompoundFieldAccess { root, access_chain } => path::walk(type_of(root, frame, clause)?, access_chain),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            let argument = || type_of(first_argument(function)?, frame, clause);
            if SAME_TYPE.contains(&name.as_str()) {
                argument()
            } else if ELEMENT.contains(&name.as_str()) {
                path::element(&argument()?)
            } else if name == "array_agg" {
                Some(DataType::new_list(argument()?, true))
            } else {
                None
            }
        }
        _ => None,
    }
}

/// The type of a call's first argument.
pub(super) fn argument_type(function: &Function, frame: &Frame<'_>) -> Option<DataType> {
    type_of(first_argument(function)?, frame, Clause::Input)
}

/// The value in front of a path, as an error names it.
pub(super) fn title_of(root: &Expr, frame: &Frame<'_>, clause: Clause) -> String {
    match root {
        Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()).unwrap_or_default(),
        Expr::Identifier(name) => name.value.clone(),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let data_type = type_of(root, frame, clause);
            let path = path::text_of(data_type, access_chain);
            format!("{}{path}", title_of(root, frame, clause))
        }
        other => other.to_string(),
    }
}

fn first_argument(function: &Function) -> Option<&Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}
