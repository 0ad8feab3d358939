"""What macOS is told about Rowmill.app; imported by packaging/rowmill.spec."""

from __future__ import annotations

# Has to be a name under an address that the publisher owns before anything is signed; see packaging/README.md.
IDENTIFIER = "rowmill.rowmill"
JOB_TYPE = "rowmill.job"
# Apple's names for what a table can be.
TABLES = (
    "public.comma-separated-values-text", "public.tab-separated-values-text",
    "org.openxmlformats.spreadsheetml.sheet", "com.microsoft.excel.xls", "org.oasis-open.opendocument.spreadsheet",
)  # fmt: skip


def information(version: str) -> dict[str, object]:
    """The contents of Info.plist beyond what PyInstaller puts there."""
    return {
        "CFBundleName": "Rowmill",
        "CFBundleDisplayName": "Rowmill",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "zh-Hans"],
        "LSApplicationCategoryType": "public.app-category.productivity",
        # What Qt 6.11 runs on.
        "LSMinimumSystemVersion": "13.0",
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "Copyright (c) 2026 The Rowmill authors. MIT licence.",
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": "Rowmill job",
                "CFBundleTypeRole": "Editor",
                "LSHandlerRank": "Owner",
                "LSItemContentTypes": [JOB_TYPE],
                "CFBundleTypeIconFile": "rowmill-file.icns",
            },
            # Offered under "Open With"; tables keep their own program.
            {
                "CFBundleTypeName": "Table",
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",
                "LSItemContentTypes": list(TABLES),
            },
        ],
        "UTExportedTypeDeclarations": [
            {
                "UTTypeIdentifier": JOB_TYPE,
                "UTTypeDescription": "Rowmill job",
                "UTTypeConformsTo": ["public.data", "public.content"],
                "UTTypeIconFile": "rowmill-file.icns",
                "UTTypeTagSpecification": {"public.filename-extension": ["rowmill"]},
            }
        ],
    }
