"""Reports: one model of what a report says, laid out as a web page, as a PDF and as a workbook."""
