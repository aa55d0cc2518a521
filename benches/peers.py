"""The work of the bench with boto3's paginator: every page, every row touched. Prints the number of rows."""

import sys

import boto3

LISTS = {
    "DescribeImportImageTasks": ("describe_import_image_tasks", "ImportImageTasks", "ImportTaskId"),
    "DescribeImportSnapshotTasks": ("describe_import_snapshot_tasks", "ImportSnapshotTasks", "ImportTaskId"),
    "DescribeImages": ("describe_images", "Images", "ImageId"),
    "DescribeInstances": ("describe_instances", "Reservations", "ReservationId"),
}


def main():
    url, operation = sys.argv[1:]
    method, items, key = LISTS[operation]
    client = boto3.client("ec2", region_name="us-east-1", endpoint_url=url)
    rows = 0
    for page in client.get_paginator(method).paginate():
        for item in page[items]:
            if item[key]:
                rows += len(item["Instances"]) if items == "Reservations" else 1
    print(rows)


if __name__ == "__main__":
    main()
