"""The commands, one file a family. Importing `crdb.replica` enters them all into the table."""
