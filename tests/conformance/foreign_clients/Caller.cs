// Calls the generated proxies as a .NET client would, and tells what it gets, a line a fact.
// Each line of the input is a call: namespace, service, operation, URL and arguments, by tabs.
using System;
using System.Data;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Web.Services.Protocols;

public static class Caller
{
    public static int Main()
    {
        for (string line; (line = Console.In.ReadLine()) != null;)
        {
            Call(line.Split('\t'));
        }
        return 0;
    }

    private static void Call(string[] told)
    {
        Type type = Type.GetType(told[0] + "." + told[1], true);
        MethodInfo method = type.GetMethod(told[2]);
        var proxy = (SoapHttpClientProtocol)Activator.CreateInstance(type);
        var attribute = (SoapDocumentMethodAttribute)Attribute.GetCustomAttribute(
            method, typeof(SoapDocumentMethodAttribute));
        Tell("call", told[0], told[2]);
        Tell("url", proxy.Url);
        Tell("version", proxy.SoapVersion);
        Tell("style", attribute.ParameterStyle);
        Tell("returns", method.ReturnType.FullName);
        try
        {
            object[] arguments = method.GetParameters().Zip(told.Skip(3), Read).ToArray();
            Show(method.Invoke(proxy, arguments));
        }
        catch (TargetInvocationException error)
        {
            Tell("fault", error.InnerException.Message);
        }
    }

    private static object Read(ParameterInfo parameter, string text)
    {
        if (parameter.ParameterType == typeof(DateTime))
        {
            return DateTime.Parse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
        }
        if (parameter.ParameterType == typeof(byte[]))
        {
            return Convert.FromBase64String(text);
        }
        return text.Replace("\\n", "\n");
    }

    private static void Show(object result)
    {
        var data = result as DataSet;
        if (data == null)
        {
            foreach (PropertyInfo property in result.GetType().GetProperties())
            {
                Tell("result", property.Name, Text(property.GetValue(result, null)));
            }
            return;
        }
        Tell("set", data.DataSetName, data.Tables.Count);
        foreach (DataTable table in data.Tables)
        {
            foreach (DataColumn column in table.Columns)
            {
                Tell("column", column.ColumnName, column.DataType.FullName);
            }
            foreach (DataRow row in table.Rows)
            {
                Tell("row", string.Join("\t", row.ItemArray.Select(Text)));
            }
        }
    }

    private static string Text(object value)
    {
        if (value == null || value == DBNull.Value)
        {
            return "NULL";
        }
        if (value is DateTime)
        {
            return ((DateTime)value).ToUniversalTime().ToString("s") + "Z";
        }
        return Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    private static void Tell(params object[] words)
    {
        Console.Out.WriteLine(string.Join("\t", words));
    }
}
