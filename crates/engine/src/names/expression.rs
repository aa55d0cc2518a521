//! Identifiers inside expressions.

use std::mem;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, ObjectNamePart, Query, SetExpr, Values, VisitMut, VisitorMut, WindowType,
};

use super::error::{NameError, NameErrorKind, nearest};
use super::frame::{Clause, Found, Frame};
use super::path;
use super::query::{self, Context};
use super::scope::{Source, choose, ident, renamed};
use super::types::{title_of, type_of};

/// Resolves everything inside of an expression (or a list of them, a window, ...).
pub(super) fn resolve<N: VisitMut>(
    node: &mut N,
    context: Context<'_>,
    frame: &Frame<'_>,
    clause: Clause,
) -> Result<(), NameError> {
    let mut resolver = Resolver { context, frame, clause, queries: Vec::new(), chains: Vec::new(), lambdas: 0 };
    match node.visit(&mut resolver) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// A call of a function by its name.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(argument.into()));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The identifiers of a dotted name, if it is made of nothing else.
pub(super) fn identifiers(name: &ObjectName) -> Option<Vec<Ident>> {
    let parts = name.0.iter();
    parts.map(|part| part.as_ident().cloned()).collect()
}

/// Walks an expression from the leaves up. The walk itself is the parser crate's, which grows the
/// stack for deep trees; sub-queries are taken out of its way and resolved in their own scope.
struct Resolver<'r, 'a> {
    context: Context<'r>,
    frame: &'r Frame<'a>,
    clause: Clause,
    /// Sub-queries that the walk is passing by.
    queries: Vec<Query>,
    /// Paths whose root the walk is in.
    chains: Vec<Vec<AccessExpr>>,
    /// How many lambdas the walk is in: their parameters are not known here.
    lambdas: usize,
}

impl VisitorMut for Resolver<'_, '_> {
    type Break = NameError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<NameError> {
        let context = self.context.inside(self.frame);
        if let Err(error) = query::resolve(query, context) {
            return ControlFlow::Break(error);
        }
        self.queries.push(mem::replace(query, no_query()));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<NameError> {
        if let Some(resolved) = self.queries.pop() {
            *query = resolved;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<NameError> {
        match expr {
            Expr::CompoundFieldAccess { .. } => self.enter_path(expr),
            Expr::Lambda(_) => {
                self.lambdas += 1;
                ControlFlow::Continue(())
            }
            Expr::Function(function) => match self.function(function) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(error),
            },
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<NameError> {
        let result = match expr {
            Expr::Identifier(name) if is_variable(name) => Ok(None),
            Expr::CompoundIdentifier(name) if name.first().is_some_and(is_variable) => Ok(None),
            Expr::Identifier(name) => self.name(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(name) => self.name(name),
            Expr::CompoundFieldAccess { .. } => self.leave_path(expr).map(|()| None),
            Expr::Lambda(_) => {
                self.lambdas = self.lambdas.saturating_sub(1);
                Ok(None)
            }
            _ => Ok(None),
        };
        match result {
            Ok(None) => {}
            Ok(Some(resolved)) => *expr = resolved,
            // It may be a lambda's parameter.
            Err(_) if self.lambdas > 0 => {}
            // `VALUES (DEFAULT)`: the parser takes it for a column.
            Err(_) if is_default(expr) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

impl Resolver<'_, '_> {
    /// What to write for a dotted name; None: what is there.
    fn name(&self, name: &[Ident]) -> Result<Option<Expr>, NameError> {
        match self.frame.find(name, self.clause)? {
            Found::Unknown => Ok(None),
            Found::Within { qualifier, used } => {
                let mut parts: Vec<_> = qualifier.iter().map(|part| ident(part)).collect();
                parts.extend(name.iter().skip(used).cloned());
                Ok(Some(Expr::CompoundIdentifier(parts)))
            }
            Found::Column { column, name: title, data_type, used } => {
                let fields = name.iter().skip(used).cloned();
                let mut chain: Vec<_> = fields.map(|field| AccessExpr::Dot(Expr::Identifier(field))).collect();
                if chain.is_empty() {
                    return Ok(Some(column));
                }
                path::resolve(data_type, &mut chain, &title)?;
                Ok(Some(Expr::CompoundFieldAccess { root: Box::new(column), access_chain: chain }))
            }
        }
    }

    /// Takes the path off its root, so that the walk sees the root only. The parser gives
    /// `t.list[1].field` as the root `t` and the path `.list[1].field`.
    fn enter_path(&mut self, expr: &mut Expr) -> ControlFlow<NameError> {
        let Expr::CompoundFieldAccess { root, access_chain } = expr else {
            return ControlFlow::Continue(());
        };
        let mut chain = mem::take(access_chain);
        let dots = |access: &&AccessExpr| matches!(access, AccessExpr::Dot(Expr::Identifier(_)));
        let leading = match root.as_ref() {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => chain.iter().take_while(dots).count(),
            _ => 0,
        };
        let mut name = match root.as_mut() {
            Expr::Identifier(name) => vec![name.clone()],
            Expr::CompoundIdentifier(name) => mem::take(name),
            _ => Vec::new(),
        };
        for access in chain.drain(..leading) {
            if let AccessExpr::Dot(Expr::Identifier(part)) = access {
                name.push(part);
            }
        }
        if name.len() > 1 {
            **root = Expr::CompoundIdentifier(name);
        }
        for access in &mut chain {
            if let AccessExpr::Subscript(subscript) = access {
                subscript.visit(self)?;
            }
        }
        self.chains.push(chain);
        ControlFlow::Continue(())
    }

    fn leave_path(&mut self, expr: &mut Expr) -> Result<(), NameError> {
        let Expr::CompoundFieldAccess { root, access_chain } = expr else {
            return Ok(());
        };
        let mut chain = self.chains.pop().unwrap_or_default();
        let data_type = type_of(root, self.frame, self.clause);
        let title = title_of(root, self.frame, self.clause);
        path::resolve(data_type, &mut chain, &title)?;
        // A root that became a path itself takes the rest on.
        match root.as_mut() {
            Expr::CompoundFieldAccess { root: inner, access_chain: front } => {
                let mut whole = mem::take(front);
                whole.append(&mut chain);
                *access_chain = whole;
                let inner = mem::replace(inner.as_mut(), Expr::Tuple(Vec::new()));
                **root = inner;
            }
            _ => *access_chain = chain,
        }
        Ok(())
    }

    /// What a call names besides its arguments: `count(t.*)`, `OVER w`.
    fn function(&self, function: &mut Function) -> Result<(), NameError> {
        if let FunctionArguments::List(list) = &mut function.args {
            for argument in &mut list.args {
                if let FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) = argument {
                    qualifier(name, self.frame)?;
                }
            }
        }
        let window = match &mut function.over {
            Some(WindowType::NamedWindow(window)) => Some(window),
            Some(WindowType::WindowSpec(spec)) => spec.window_name.as_mut(),
            None => None,
        };
        if let Some(window) = window {
            let names = self.frame.windows.iter().map(String::as_str);
            if let [declared] = choose(window, names, |name| name).as_slice() {
                *window = renamed(window, declared);
            }
        }
        Ok(())
    }
}

/// Rewrites the name in front of `.*`.
pub(super) fn qualifier(name: &mut ObjectName, frame: &Frame<'_>) -> Result<(), NameError> {
    let Some(parts) = identifiers(name) else {
        return Ok(());
    };
    if let Some(source) = frame.source(&parts)? {
        let parts = source.qualifier.iter().map(|part| ObjectNamePart::Identifier(ident(part)));
        name.0 = parts.collect();
        return Ok(());
    }
    let titles = frame.sources.iter().map(Source::title).collect();
    let near = nearest(&name.to_string(), frame.sources.iter().map(|source| source.written(None)));
    Err(NameError::new(NameErrorKind::Relation, &parts).candidates(near).looked_at(titles))
}

/// `@name` is a session variable.
fn is_variable(name: &Ident) -> bool {
    name.quote_style.is_none() && name.value.starts_with('@')
}

fn is_default(expr: &Expr) -> bool {
    let Expr::Identifier(name) = expr else {
        return false;
    };
    name.quote_style.is_none() && name.value.eq_ignore_ascii_case("default")
}

/// What stands in for a sub-query while the walk passes by.
fn no_query() -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: Vec::new() })),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
