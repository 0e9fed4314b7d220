// What the dashboard of the chart may have, of Grafana's own types: panels with
// the options that their kind knows, and nothing else.
import type {
  Dashboard, DataQuery, DataSourceRef, FieldConfig, FieldConfigSource, Panel, RowPanel, TableFieldOptions, VariableModel,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesField, Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

interface Fields<Custom> extends Omit<FieldConfigSource, 'defaults'> {
  defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom };
}

// A query of the Prometheus data source.
interface Query extends DataQuery {
  expr: string;
  legendFormat?: string;
  format?: 'time_series' | 'table' | 'heatmap';
  editorMode?: 'code' | 'builder';
  range?: boolean;
  instant?: boolean;
  datasource?: DataSourceRef;
}

interface Of<Kind extends string, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Kind;
  options: Partial<Options>;
  fieldConfig: Fields<Custom>;
  targets: Query[];
}

type Stat = Of<'stat', StatOptions, never>;
type TimeSeries = Of<'timeseries', TimeSeriesOptions, Partial<TimeSeriesField>>;
type Table = Of<'table', TableOptions, Partial<TableFieldOptions>>;

// definition is what the editor shows of a variable; the schema leaves it out.
type Variable = VariableModel & { definition?: string };

export interface RollcallDashboard extends Omit<Dashboard, 'panels' | 'templating'> {
  uid: string;
  title: string;
  panels: (RowPanel | Stat | TimeSeries | Table)[];
  templating: { list: Variable[] };
}

// As JSON: an enum is one of its values.
type JSONOf<T> =
  unknown extends T ? T
    : T extends string ? `${T}`
      : T extends (infer Item)[] ? JSONOf<Item>[]
        : T extends object ? { [Key in keyof T]: JSONOf<T[Key]> }
          : T;

export type DashboardJSON = JSONOf<RollcallDashboard>;
