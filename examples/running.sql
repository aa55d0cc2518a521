-- What runs, in which stage, and how far: the slowest first.
SELECT region, task_id, tags['Name'] AS name, stage, progress_percent, size_bytes
FROM aws.vm_import.tasks
WHERE region IN ('us-east-1', 'eu-west-1') AND outcome = 'running'
ORDER BY progress_percent, size_bytes DESC;
