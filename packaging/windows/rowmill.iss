; The installer for Windows: for one user, without asking for an administrator. Made by packaging/build:
;   ISCC /DVersion=... /DFrozen=... /DMade=... packaging\windows\rowmill.iss
; Untested where it was written; see packaging/README.md.

#ifndef Version
  #error Say which version: packaging/build does.
#endif

[Setup]
; Never changes: it is how an upgrade finds what it replaces.
AppId={{7B2C6C0E-64A8-4F0B-9C53-0D1E5A2F9B71}
AppName=Rowmill
AppVersion={#Version}
AppPublisher=The Rowmill authors
VersionInfoVersion={#Version}
DefaultDirName={autopf}\Rowmill
DefaultGroupName=Rowmill
DisableProgramGroupPage=yes
DisableDirPage=auto
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
; What PySide6 6.11 runs on.
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
SetupIconFile={#Made}\icons\rowmill.ico
UninstallDisplayIcon={app}\rowmill-window.exe
UninstallDisplayName=Rowmill
OutputBaseFilename=rowmill-{#Version}-windows-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
ChangesEnvironment=yes
; A Rowmill that runs is asked to close, which stores what is in flight.
CloseApplications=yes
RestartApplications=no

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "path"; Description: "Use the command rowmill in a terminal (adds the folder to your PATH)"

[Files]
Source: "{#Frozen}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs
Source: "{#Made}\icons\rowmill-file.ico"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Made}\third-party-licences.txt"; DestDir: "{app}"; Flags: ignoreversion
Source: "..\..\LICENSE"; DestDir: "{app}"; Flags: ignoreversion

[InstallDelete]
; Files that only an older version had must not stay beside the new ones.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{group}\Rowmill"; Filename: "{app}\rowmill-window.exe"; AppUserModelID: "Rowmill.Rowmill"
Name: "{userdesktop}\Rowmill"; Filename: "{app}\rowmill-window.exe"; Tasks: desktopicon

[Registry]
; Job files open with a double click.
Root: HKA; Subkey: "Software\Classes\.rowmill"; ValueType: string; ValueData: "Rowmill.Job"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Rowmill.Job"; ValueType: string; ValueData: "Rowmill job"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Rowmill.Job\DefaultIcon"; ValueType: string; ValueData: "{app}\rowmill-file.ico"
Root: HKA; Subkey: "Software\Classes\Rowmill.Job\shell\open\command"; ValueType: string; ValueData: """{app}\rowmill-window.exe"" ""%1"""
; Tables keep their program; Rowmill is offered under "Open with".
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "Rowmill"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe\shell\open\command"; ValueType: string; ValueData: """{app}\rowmill-window.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe\SupportedTypes"; ValueType: string; ValueName: ".csv"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe\SupportedTypes"; ValueType: string; ValueName: ".tsv"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe\SupportedTypes"; ValueType: string; ValueName: ".xlsx"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe\SupportedTypes"; ValueType: string; ValueName: ".xls"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\rowmill-window.exe\SupportedTypes"; ValueType: string; ValueName: ".ods"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\.csv\OpenWithProgids"; ValueType: string; ValueName: "Rowmill.Table"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\.xlsx\OpenWithProgids"; ValueType: string; ValueName: "Rowmill.Table"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Rowmill.Table"; ValueType: string; ValueData: "Table for Rowmill"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Rowmill.Table\shell\open\command"; ValueType: string; ValueData: """{app}\rowmill-window.exe"" ""%1"""

[Run]
Filename: "{app}\rowmill-window.exe"; Description: "{cm:LaunchProgram,Rowmill}"; Flags: nowait postinstall skipifsilent

[UninstallRun]
; The practice server may go on for half an hour; its files could not be removed.
Filename: "{sys}\taskkill.exe"; Parameters: "/F /IM rowmill.exe"; Flags: runhidden; RunOnceId: "EndRoles"

[Code]
const
  EnvironmentKey = 'Environment';

{ Where the folder stands in a PATH, with a semicolon around each entry; 0: it does not. }
function PlaceInPath(Paths: string): Integer;
begin
  Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Paths) + ';');
end;

procedure AddToPath();
var
  Paths: string;
begin
  if not RegQueryStringValue(HKEY_CURRENT_USER, EnvironmentKey, 'Path', Paths) then
    Paths := '';
  if PlaceInPath(Paths) > 0 then
    Exit;
  if (Paths <> '') and (Paths[Length(Paths)] <> ';') then
    Paths := Paths + ';';
  RegWriteExpandStringValue(HKEY_CURRENT_USER, EnvironmentKey, 'Path', Paths + ExpandConstant('{app}'));
end;

procedure RemoveFromPath();
var
  Paths: string;
  Place: Integer;
begin
  if not RegQueryStringValue(HKEY_CURRENT_USER, EnvironmentKey, 'Path', Paths) then
    Exit;
  Place := PlaceInPath(Paths);
  if Place = 0 then
    Exit;
  Delete(Paths, Place, Length(ExpandConstant('{app}')) + 1);
  RegWriteExpandStringValue(HKEY_CURRENT_USER, EnvironmentKey, 'Path', Paths);
end;

procedure CurStepChanged(Step: TSetupStep);
begin
  if (Step = ssPostInstall) and WizardIsTaskSelected('path') then
    AddToPath();
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
begin
  { Jobs and settings are the user's own and stay. }
  if Step = usPostUninstall then
    RemoveFromPath();
end;
