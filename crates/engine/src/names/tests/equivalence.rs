//! What the planner makes of a statement in exact case is what it makes of the rewritten one, in exact case and in
//! upper case.

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};

use super::execution::session;
use super::{report, rewritten};

const STATEMENTS: &[&str] = &[
    "SELECT * FROM regions ORDER BY region",
    "SELECT r.* FROM regions AS r ORDER BY r.region DESC",
    "SELECT region, count(*), min(name) FROM images GROUP BY region ORDER BY count(*) DESC, region",
    "SELECT region, count(*) AS n FROM images GROUP BY region HAVING count(*) > 1",
    "SELECT region, count(*) AS n FROM images GROUP BY region HAVING n > 1",
    "SELECT region AS r, count(*) FROM images GROUP BY r ORDER BY r",
    "SELECT upper(name) AS name FROM images ORDER BY name",
    "SELECT name AS region, region AS name FROM images ORDER BY region, name",
    "SELECT name AS region FROM images GROUP BY name, region ORDER BY 1",
    "SELECT DISTINCT region FROM images ORDER BY region",
    "SELECT DISTINCT ON (region) region, name FROM images ORDER BY region, name",
    "SELECT count(DISTINCT region), count(name) FILTER (WHERE region = 'a') FROM images",
    "SELECT name, CASE WHEN region = 'a' THEN 1 ELSE 2 END AS c FROM images ORDER BY c, name",
    "SELECT a.name, b.name FROM images a JOIN images b ON a.region = b.region AND a.name < b.name",
    "SELECT a.name, r.regionEndpoint FROM images a LEFT JOIN regions r ON a.region = r.region ORDER BY a.name",
    "SELECT name, regionEndpoint FROM images JOIN regions USING (region) ORDER BY name",
    "SELECT images.name FROM images, regions WHERE images.region = regions.region ORDER BY images.name",
    "SELECT count(*) FROM images CROSS JOIN regions",
    "SELECT regionEndpoint, name FROM regions NATURAL JOIN (SELECT region, name FROM images) AS i ORDER BY name",
    "SELECT a.region FROM regions a LEFT ANTI JOIN images b ON a.region = b.region",
    "SELECT name FROM images WHERE region IN (SELECT region FROM regions) ORDER BY name",
    "SELECT name FROM images WHERE region NOT IN (SELECT region FROM regions)",
    "SELECT name FROM images i WHERE EXISTS (SELECT 1 FROM regions r WHERE r.region = i.region) ORDER BY name",
    "SELECT region, (SELECT count(*) FROM images i WHERE i.region = r.region) AS n FROM regions r ORDER BY region",
    "SELECT x.region, x.n FROM (SELECT region, count(*) AS n FROM images GROUP BY region) AS x ORDER BY x.n",
    "SELECT a FROM (SELECT region, name FROM images) AS t(a, b) ORDER BY b",
    "SELECT max(n) FROM (SELECT count(*) AS n FROM images GROUP BY region)",
    "WITH t AS (SELECT region, name FROM images) SELECT t.name FROM t WHERE region = 'a' ORDER BY name",
    "WITH t(x) AS (SELECT name FROM images), u AS (SELECT x FROM t) SELECT u.x FROM u ORDER BY x",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT sum(n) FROM t",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT t.n + 1 FROM t WHERE t.n < 4) SELECT max(n) FROM t",
    "SELECT region FROM regions UNION SELECT region FROM images ORDER BY region",
    "SELECT region AS x FROM regions UNION ALL SELECT name FROM images ORDER BY x",
    "SELECT region FROM images INTERSECT SELECT region FROM regions",
    "SELECT region FROM images EXCEPT SELECT region FROM regions",
    "(SELECT name FROM images ORDER BY name LIMIT 1) UNION ALL (SELECT region FROM regions ORDER BY region LIMIT 1)",
    "SELECT region, name FROM images UNION ALL BY NAME SELECT region FROM regions ORDER BY region, name",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT t.column1 FROM (VALUES (1), (2)) AS t ORDER BY column1",
    "SELECT name, row_number() OVER (PARTITION BY region ORDER BY name) AS k FROM images ORDER BY name",
    "SELECT name, lag(name) OVER w AS p FROM images WINDOW w AS (ORDER BY name) ORDER BY name",
    "SELECT name FROM images QUALIFY row_number() OVER (PARTITION BY region ORDER BY name) = 1 ORDER BY name",
    "SELECT region, name, count(*) FROM images GROUP BY ROLLUP (region, name) ORDER BY region, name",
    "SELECT region, count(*) FROM images GROUP BY ALL ORDER BY region",
    "SELECT name FROM images ORDER BY region, imageId LIMIT 1 OFFSET 1",
    "SELECT name || ':' || region FROM images WHERE name LIKE '%b%' OR name BETWEEN 'a' AND 'e' ORDER BY 1",
    "SELECT coalesce(progress, 'none') AS p, status FROM import_image_tasks ORDER BY importTaskId",
    "SELECT importTaskId FROM import_image_tasks WHERE progress IS NULL AND NOT (status = 'active')",
    "SELECT extract(year FROM TIMESTAMP '2026-01-02T00:00:00') AS y, INTERVAL '1 day' AS d FROM regions LIMIT 1",
    "SELECT string_agg(name, ',' ORDER BY name DESC) FROM images",
    "SELECT array_agg(region ORDER BY region) AS a FROM regions",
    "SELECT value FROM generate_series(1, 3) ORDER BY value",
    "SELECT g.n FROM generate_series(1, 3) AS g(n) WHERE n > 1 ORDER BY n",
    "SELECT unnest(make_array(1, 2)) AS x, region FROM regions ORDER BY x, region",
    "SELECT x FROM unnest(make_array(1, 2)) AS t(x)",
    "SELECT \"Odd Name\", \"ODD\" FROM \"MyView\"",
    "SELECT aws.ec2_api.regions.region FROM aws.ec2_api.regions ORDER BY ec2_api.regions.region",
    "SELECT s.operation FROM system.requests AS s",
    "SELECT 1 AS one WHERE 1 = 1",
];

#[tokio::test]
async fn rewriting_changes_no_answer() {
    let session = &session();
    let mut wrong = Vec::new();
    for sql in STATEMENTS {
        let plain = answer(session, DFParser::parse_sql(sql).unwrap().pop_front().unwrap()).await;
        let exact = rewritten_answer(session, sql).await;
        let upper = rewritten_answer(session, &upper_case(sql)).await;
        if !plain.starts_with('+') || plain != exact || plain.to_lowercase() != upper.to_lowercase() {
            wrong.push(format!("{sql}\n{plain}\n{exact}\n{upper}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn rewritten_answer(session: &SessionContext, sql: &str) -> String {
    match rewritten(sql) {
        Ok(statement) => answer(session, statement).await,
        Err(error) => report(&error),
    }
}

/// The rows as a table, or the planner's error.
async fn answer(session: &SessionContext, statement: Statement) -> String {
    let batches = async {
        let plan = session.state().statement_to_plan(statement).await?;
        session.execute_logical_plan(plan).await?.collect().await
    };
    match batches.await {
        Ok(batches) => pretty_format_batches(&batches).unwrap().to_string(),
        Err(error) => error.strip_backtrace(),
    }
}

/// The statement in upper case, except for what is quoted and table functions, which are the planner's.
fn upper_case(sql: &str) -> String {
    let mut quote = None;
    let upper: String = sql
        .chars()
        .map(|character| {
            if let Some(open) = quote {
                quote = (character != open).then_some(open);
                character
            } else {
                quote = ['\'', '"'].contains(&character).then_some(character);
                character.to_ascii_uppercase()
            }
        })
        .collect();
    upper
        .replace("GENERATE_SERIES", "generate_series")
        .replace("VALUE FROM", "value FROM")
        .replace("BY VALUE", "BY value")
}
