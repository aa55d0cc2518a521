//! SELECT: the clauses in the order in which they see names, and the names of the columns.

use std::mem;

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, Query, Select, SelectFlavor, SelectItem, SetExpr, WildcardAdditionalOptions,
};

use super::error::NameError;
use super::expression;
use super::frame::{Clause, Found, Frame};
use super::query::Context;
use super::scope::{Column, Shape, ident, same};
use super::types::{argument_type, type_of};
use super::{alias::numbered, path, relation, wildcard};

/// Resolves a SELECT. The frame that comes back holds its sources and its columns.
pub(super) fn resolve<'a>(select: &mut Select, context: Context<'a>) -> Result<Frame<'a>, NameError> {
    let mut frame = relation::from(&mut select.from, context)?;
    frame.windows = select.named_window.iter().map(|window| window.0.value.clone()).collect();
    if let SelectFlavor::FromFirstNoSelect = select.flavor {
        // `FROM t` is `SELECT * FROM t`; the planner does not know it.
        select.flavor = SelectFlavor::Standard;
        select.projection = vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())];
    }
    for condition in [&mut select.prewhere, &mut select.selection] {
        expression::resolve(condition, context, &frame, Clause::Input)?;
    }
    expression::resolve(&mut select.named_window, context, &frame, Clause::Input)?;
    frame.outputs = projection(&mut select.projection, context, &frame)?;
    if let Some(Distinct::On(keys)) = &mut select.distinct {
        expression::resolve(keys, context, &frame, Clause::Output)?;
    }
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        expression::resolve(keys, context, &frame, Clause::Group)?;
    }
    for condition in [&mut select.having, &mut select.qualify] {
        expression::resolve(condition, context, &frame, Clause::Group)?;
    }
    for keys in [&mut select.cluster_by, &mut select.distribute_by] {
        expression::resolve(keys, context, &frame, Clause::Input)?;
    }
    expression::resolve(&mut select.sort_by, context, &frame, Clause::Output)?;
    Ok(frame)
}

/// Resolves a select list and tells its columns.
pub(super) fn projection(
    items: &mut Vec<SelectItem>,
    context: Context<'_>,
    frame: &Frame<'_>,
) -> Result<Shape, NameError> {
    let mut list = Vec::with_capacity(items.len());
    for mut item in mem::take(items) {
        match &mut item {
            SelectItem::UnnamedExpr(expr) => {
                let written = identifier(expr).cloned();
                expression::resolve(expr, context, frame, Clause::Input)?;
                list.push(Item::unnamed(mem::replace(expr, Expr::Tuple(Vec::new())), written, frame));
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                expression::resolve(expr, context, frame, Clause::Input)?;
                let column = Column::named(alias.value.clone(), type_of(expr, frame, Clause::Input));
                list.push(Item::plain(item, column));
            }
            SelectItem::ExprWithAliases { expr, .. } => {
                expression::resolve(expr, context, frame, Clause::Input)?;
                list.push(Item::opaque(item));
            }
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                wildcard::expand(item, context, frame, &mut list)?;
            }
        }
    }
    name_paths(&mut list, frame);
    tell_apart(&mut list);
    let open = list.iter().any(|item| item.open);
    let columns = list.iter().flat_map(|item| item.columns.iter().cloned()).collect();
    *items = list.into_iter().map(|item| item.item).collect();
    Ok(Shape { columns, open })
}

/// An item of the select list with the columns that it makes.
#[expect(clippy::struct_field_names, reason = "`item` is the parser's word")]
pub(super) struct Item {
    pub(super) item: SelectItem,
    pub(super) columns: Vec<Column>,
    /// It may make other columns too.
    pub(super) open: bool,
    /// A column without an alias whose heading is chosen here: the short name.
    heading: Option<String>,
}

impl Item {
    pub(super) fn plain(item: SelectItem, column: Column) -> Self {
        Self { item, columns: vec![column], open: false, heading: None }
    }

    /// A wildcard that the planner expands to these columns.
    pub(super) fn wildcard(item: SelectItem, columns: Vec<Column>) -> Self {
        Self { item, columns, open: false, heading: None }
    }

    pub(super) fn opaque(item: SelectItem) -> Self {
        Self { item, columns: Vec::new(), open: true, heading: None }
    }

    fn unnamed(expr: Expr, written: Option<Ident>, frame: &Frame<'_>) -> Self {
        let data_type = type_of(&expr, frame, Clause::Input);
        let column = match plain_name(&expr) {
            Some(name) => Column::named(name, data_type),
            None => Column::unnamed(data_type),
        };
        let heading = column.name.is_none().then(|| heading(&expr, written, frame)).flatten();
        let open = is_struct_unnest(&expr, frame);
        Self { item: SelectItem::UnnamedExpr(expr), columns: vec![column], open, heading }
    }
}

/// Heads paths by their last part, or, where two columns would have that name, by the whole path.
fn name_paths(list: &mut [Item], frame: &Frame<'_>) {
    for long in [None, Some(false), Some(true)] {
        let names: Vec<_> = list.iter().map(Item::names).collect();
        for (index, item) in list.iter_mut().enumerate() {
            let (Some(short), SelectItem::UnnamedExpr(expr)) = (&item.heading, &item.item) else {
                continue;
            };
            let others = names.iter().enumerate().filter(|(other, _)| *other != index);
            let taken = |name: &str| others.clone().any(|(_, names)| names.iter().any(|other| same(other, name)));
            if !taken(short) {
                continue;
            }
            if let Some(qualified) = long {
                item.heading = long_heading(expr, qualified, frame);
            }
        }
    }
    for item in list {
        if let (Some(name), SelectItem::UnnamedExpr(expr)) = (item.heading.take(), &mut item.item) {
            let alias = ident(&name);
            if let [column] = item.columns.as_mut_slice() {
                column.name = Some(name);
            }
            let expr = mem::replace(expr, Expr::Tuple(Vec::new()));
            item.item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
}

/// Heads a sub-query by its column, and numbers what is selected twice: the planner knows one name for it.
fn tell_apart(list: &mut [Item]) {
    let mut seen: Vec<String> = vec![];
    for item in list {
        let (SelectItem::UnnamedExpr(expr), [column]) = (&mut item.item, item.columns.as_mut_slice()) else { continue };
        let subquery = if let Expr::Subquery(query) = expr { column_of(query) } else { None };
        let is_subquery = subquery.is_some();
        let text = subquery.unwrap_or_else(|| expr.to_string());
        let times = 1 + seen.iter().filter(|other| **other == text).count();
        if times > 1 || is_subquery {
            let name = numbered(plain_name(expr).unwrap_or(&text), times);
            column.name = Some(name.clone());
            let expr = mem::replace(expr, Expr::Tuple(Vec::new()));
            item.item = SelectItem::ExprWithAlias { expr, alias: ident(&name) };
        }
        seen.push(text);
    }
}

impl Item {
    fn names(&self) -> Vec<String> {
        let columns = self.columns.iter().filter_map(|column| column.name.clone());
        columns.chain(self.heading.clone()).collect()
    }
}

/// The name that the planner gives to a plain column.
fn plain_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(name) => Some(&name.value),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.as_str()),
        Expr::Nested(inner) => plain_name(inner),
        _ => None,
    }
}

/// The short heading of a path, a cast of a column or path, or a merged column.
fn heading(expr: &Expr, written: Option<Ident>, frame: &Frame<'_>) -> Option<String> {
    match expr {
        Expr::CompoundFieldAccess { root, access_chain } => path::heading(plain_name(root), access_chain),
        Expr::Nested(inner) => heading(inner, written, frame),
        Expr::Cast { expr, .. } => plain_name(expr).map(str::to_owned).or_else(|| heading(expr, None, frame)),
        // A column that a FULL JOIN merged has become a call of coalesce.
        Expr::Function(_) => match frame.find(&[written?], Clause::Input) {
            Ok(Found::Column { name, .. }) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// The name of a sub-query's column.
fn column_of(query: &Query) -> Option<String> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.projection.first()? {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(expr) => Some(plain_name(expr).map_or_else(|| expr.to_string(), str::to_owned)),
        _ => None,
    }
}

fn long_heading(expr: &Expr, qualified: bool, frame: &Frame<'_>) -> Option<String> {
    match expr {
        Expr::CompoundFieldAccess { root, access_chain } => {
            let root_type = type_of(root, frame, Clause::Input);
            let path = path::text_of(root_type, access_chain);
            let root = match root.as_ref() {
                Expr::CompoundIdentifier(parts) if qualified => {
                    parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
                }
                root => plain_name(root)?.to_owned(),
            };
            Some(format!("{root}{path}"))
        }
        Expr::Nested(inner) => long_heading(inner, qualified, frame),
        Expr::Cast { .. } => Some(expr.to_string()),
        _ => None,
    }
}

/// `unnest` of a struct makes a column of each field.
fn is_struct_unnest(expr: &Expr, frame: &Frame<'_>) -> bool {
    let Expr::Function(function) = expr else {
        return false;
    };
    function.name.to_string().eq_ignore_ascii_case("unnest")
        && !matches!(
            argument_type(function, frame),
            Some(DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
        )
}

fn identifier(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::Nested(inner) => identifier(inner),
        _ => None,
    }
}
