-- Why do imports fail? The reasons, the most frequent first, each with one of its tasks.
SELECT error_class, error_message, count(*) AS tasks, min(task_id) AS example
FROM aws.vm_import.tasks
WHERE region LIKE '%' AND outcome = 'failed'
GROUP BY error_class, error_message
ORDER BY tasks DESC, error_message;
