//! `*` and `t.*` without hidden columns, and what may stand behind them.

use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, ObjectName, RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind,
    WildcardAdditionalOptions,
};

use super::error::{NameError, NameErrorKind, nearest};
use super::expression::{self, identifiers};
use super::frame::{Clause, Frame};
use super::query::Context;
use super::scope::{Column, Source, choose, ident, object_name};
use super::select::Item;
use super::types::type_of;

/// Writes a wildcard out as columns where the planner would not give the right ones.
///
/// It would not where a column is hidden, where USING merged columns (it keeps the one whose
/// qualifier sorts first, even if an outer join made that NULL), and for ILIKE (it ignores that)
/// and RENAME (it refuses that).
pub(super) fn expand(
    mut item: SelectItem,
    context: Context<'_>,
    frame: &Frame<'_>,
    list: &mut Vec<Item>,
) -> Result<(), NameError> {
    let (covered, options) = match &mut item {
        SelectItem::Wildcard(options) => {
            let covered: Vec<_> = frame.sources.iter().collect();
            (covered, options)
        }
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
            expression::qualifier(name, frame)?;
            let parts = identifiers(name).unwrap_or_default();
            (frame.source(&parts)?.into_iter().collect(), options)
        }
        _ => {
            list.push(Item::opaque(item));
            return Ok(());
        }
    };
    let whole = covered.len() == frame.sources.len();
    let complete = !covered.is_empty() && covered.iter().all(|source| source.shape.is_complete());
    let mut cells = cells(&covered, frame, whole && covered.len() > 1);
    if complete && options.opt_alias.is_none() {
        let special = apply(options, &mut cells, context, frame)?;
        let hidden = covered.iter().any(|source| has_hidden(source));
        if special || hidden || cells.iter().any(|cell| cell.merged) {
            list.extend(cells.into_iter().filter(|cell| !cell.dropped).map(Cell::into_item));
        } else {
            let columns = cells.into_iter().map(|cell| cell.column).collect();
            list.push(Item::wildcard(item, columns));
        }
        return Ok(());
    }
    if covered.iter().any(|source| has_hidden(source)) && is_bare(options) {
        for source in covered {
            partly(source, frame, list);
        }
        return Ok(());
    }
    list.push(Item::opaque(item));
    Ok(())
}

/// One column of a wildcard.
struct Cell {
    expr: Expr,
    column: Column,
    /// It needs an alias to keep its name.
    renamed: bool,
    merged: bool,
    dropped: bool,
}

impl Cell {
    fn into_item(self) -> Item {
        let name = self.column.name.clone().unwrap_or_default();
        let item = if self.renamed {
            SelectItem::ExprWithAlias { expr: self.expr, alias: ident(&name) }
        } else {
            SelectItem::UnnamedExpr(self.expr)
        };
        Item::plain(item, self.column)
    }
}

/// The columns of these sources, each merged one once, where it comes first.
fn cells(covered: &[&Source], frame: &Frame<'_>, merge: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (index, source) in covered.iter().enumerate() {
        for column in &source.shape.columns {
            let Some(name) = &column.name else {
                continue;
            };
            let merged = frame.merged(name, std::iter::once(index)).filter(|_| merge);
            let first = merged.and_then(|merged| merged.members.iter().min());
            if first.is_some_and(|first| *first != index) {
                continue;
            }
            let expr = match merged {
                Some(merged) => frame.merged_value(merged, &ident(name)),
                None if covered.len() == 1 && frame.sources.len() == 1 => Expr::Identifier(ident(name)),
                None => source.column(name, &ident(name)),
            };
            cells.push(Cell {
                renamed: matches!(expr, Expr::Function(_)),
                expr,
                merged: merged.is_some(),
                dropped: column.hidden,
                column: Column { hidden: false, ..column.clone() },
            });
        }
    }
    cells
}

/// Applies what stands behind the star; tells whether the planner could not.
fn apply(
    options: &mut WildcardAdditionalOptions,
    cells: &mut [Cell],
    context: Context<'_>,
    frame: &Frame<'_>,
) -> Result<bool, NameError> {
    let special = !is_bare(options);
    if let Some(ilike) = &options.opt_ilike {
        for cell in cells.iter_mut() {
            let name = cell.column.name.as_deref().unwrap_or_default();
            cell.dropped |= !is_like(name, &ilike.pattern);
        }
    }
    for name in excluded(options) {
        for index in positions(&name, cells)? {
            if let Some(cell) = cells.get_mut(index) {
                cell.dropped = true;
            }
        }
    }
    if let Some(replace) = &mut options.opt_replace {
        for element in &mut replace.items {
            expression::resolve(&mut element.expr, context, frame, Clause::Input)?;
            let data_type = type_of(&element.expr, frame, Clause::Input);
            for index in positions(std::slice::from_ref(&element.column_name), cells)? {
                if let Some(cell) = cells.get_mut(index) {
                    cell.expr = element.expr.clone();
                    cell.column.data_type.clone_from(&data_type);
                    cell.renamed = true;
                }
            }
        }
    }
    let renames = match &options.opt_rename {
        None => Vec::new(),
        Some(RenameSelectItem::Single(rename)) => vec![rename.clone()],
        Some(RenameSelectItem::Multiple(renames)) => renames.clone(),
    };
    for rename in renames {
        for index in positions(std::slice::from_ref(&rename.ident), cells)? {
            if let Some(cell) = cells.get_mut(index) {
                cell.column.name = Some(rename.alias.value.clone());
                cell.renamed = true;
            }
        }
    }
    Ok(special)
}

/// The names behind EXCLUDE and EXCEPT.
fn excluded(options: &WildcardAdditionalOptions) -> Vec<Vec<Ident>> {
    let names: Vec<ObjectName> = match &options.opt_exclude {
        None => Vec::new(),
        Some(ExcludeSelectItem::Single(name)) => vec![name.clone()],
        Some(ExcludeSelectItem::Multiple(names)) => names.clone(),
    };
    let mut all: Vec<_> = names.iter().filter_map(identifiers).collect();
    if let Some(except) = &options.opt_except {
        all.push(vec![except.first_element.clone()]);
        all.extend(except.additional_elements.iter().map(|name| vec![name.clone()]));
    }
    all
}

/// The cells that a name means: in a join it may be several.
fn positions(name: &[Ident], cells: &[Cell]) -> Result<Vec<usize>, NameError> {
    let Some((last, qualifier)) = name.split_last() else {
        return Ok(Vec::new());
    };
    let written = |cell: &Cell| match &cell.expr {
        Expr::CompoundIdentifier(parts) => parts.clone(),
        _ => Vec::new(),
    };
    let fits = |cell: &Cell| {
        let parts = written(cell);
        let parts = parts.iter().rev().skip(1);
        let mut pairs = qualifier.iter().rev().zip(parts.map(Some).chain(std::iter::repeat(None)));
        pairs.all(|(ident, part)| {
            part.is_some_and(|part| !choose(ident, std::iter::once(()), |()| &part.value).is_empty())
        })
    };
    let named = cells.iter().enumerate().filter(|(_, cell)| fits(cell));
    let named = named.filter_map(|(index, cell)| Some((index, cell.column.name.as_deref()?)));
    let matching = choose(last, named, |(_, name)| name);
    if matching.is_empty() {
        let declared = cells.iter().filter_map(|cell| cell.column.name.as_deref());
        let near = nearest(&last.value, declared);
        return Err(NameError::new(NameErrorKind::Column, name).candidates(near));
    }
    let mut spellings: Vec<_> = matching.iter().map(|(_, name)| (*name).to_owned()).collect();
    spellings.sort();
    spellings.dedup();
    if spellings.len() > 1 {
        return Err(NameError::new(NameErrorKind::Ambiguous, name).candidates(spellings));
    }
    Ok(matching.into_iter().map(|(index, _)| index).collect())
}

/// One source of a wildcard in which another source's columns are not known.
fn partly(source: &Source, frame: &Frame<'_>, list: &mut Vec<Item>) {
    if source.shape.is_complete() && !source.qualifier.is_empty() {
        let cells = cells(&[source], frame, false);
        let visible = cells.into_iter().filter(|cell| !cell.dropped);
        list.extend(visible.map(|mut cell| {
            let name = cell.column.name.clone().unwrap_or_default();
            cell.expr = source.column(&name, &ident(&name));
            cell.into_item()
        }));
        return;
    }
    let name = SelectItemQualifiedWildcardKind::ObjectName(object_name(&source.qualifier));
    let options = WildcardAdditionalOptions::default();
    let item = if source.qualifier.is_empty() {
        SelectItem::Wildcard(options)
    } else {
        SelectItem::QualifiedWildcard(name, options)
    };
    list.push(Item::opaque(item));
}

fn has_hidden(source: &Source) -> bool {
    source.shape.columns.iter().any(|column| column.hidden)
}

fn is_bare(options: &WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

/// ILIKE: `%` is any text, `_` any character, case does not count.
fn is_like(name: &str, pattern: &str) -> bool {
    let name: Vec<_> = name.to_lowercase().chars().collect();
    let pattern: Vec<_> = pattern.to_lowercase().chars().collect();
    // matched[i]: the pattern so far matches the first i characters.
    let mut matched = vec![false; name.len() + 1];
    if let Some(first) = matched.first_mut() {
        *first = true;
    }
    for wanted in pattern {
        let mut next = vec![false; matched.len()];
        let mut any = false;
        for (index, slot) in next.iter_mut().enumerate() {
            any |= matched.get(index).copied().unwrap_or_default();
            let before = index.checked_sub(1);
            let follows = before.is_some_and(|before| {
                matched.get(before).copied().unwrap_or_default() && (wanted == '_' || name.get(before) == Some(&wanted))
            });
            *slot = if wanted == '%' { any } else { follows };
        }
        matched = next;
    }
    matched.last().copied().unwrap_or_default()
}
