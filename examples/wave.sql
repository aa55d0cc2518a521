-- How far is each wave? Waves are a tag of the import tasks; tasks without it come last.
SELECT
  tags['wave'] AS wave,
  count(*) AS tasks,
  sum(size_bytes) AS bytes,
  count(*) FILTER (WHERE outcome = 'running') AS running,
  count(*) FILTER (WHERE outcome = 'completed') AS completed,
  count(*) FILTER (WHERE outcome = 'failed') AS failed,
  sum(size_bytes) FILTER (WHERE outcome = 'completed') AS bytes_completed
FROM aws.vm_import.tasks
WHERE region IN ('us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'eu-central-1')
GROUP BY 1
ORDER BY 1 NULLS LAST;
